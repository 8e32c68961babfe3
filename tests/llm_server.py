"""A local endpoint that speaks OpenAI's chat completions, counts what it is asked, and misbehaves when told to."""

import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = re.compile(r"<text-[0-9a-f]{8}>(.*)</text-[0-9a-f]{8}>", re.DOTALL)


@dataclass(frozen=True)
class Reply:
    """What the endpoint does: a status and a body, perhaps late, cut off, dropped, or held back until the client goes."""

    content: object = None
    status: int = 200
    headers: dict = field(default_factory=dict)
    seconds: float = 0.0
    cut: bool = False
    drop: bool = False
    held: bool = False


def says(answer, *, finish="stop", plain=False, logprobs=None, **message):
    """A chat completion."""
    content = answer if plain or answer is None else json.dumps({"answer": answer})
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    if logprobs is not None:
        choice["logprobs"] = {"content": [{"token": token, "logprob": value} for token, value in logprobs]}
    return {"id": "1", "choices": [choice], "usage": {"prompt_tokens": 100, "completion_tokens": 5}}


def fails(status, message="no", *, code=None, headers=None):
    """An error as OpenAI's API has it."""
    return Reply({"error": {"message": message, "type": code, "code": code}}, status, headers or {})


@dataclass
class Endpoint:
    """What was asked, and what to do about it; a request counts as answered just before its answer is sent.

    ``behave(text, times, body)`` is given the text of the example, how often its prompt has come, and the request.
    """

    behave: object
    url: str = ""
    bodies: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    arrivals: list = field(default_factory=list)
    prompts: Counter = field(default_factory=Counter)
    answered: Counter = field(default_factory=Counter)
    running: int = 0
    most_running: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def n_requests(self):
        return len(self.bodies)

    def note(self, body, headers):
        prompt = body["messages"][-1]["content"]
        with self.lock:
            self.arrivals.append(time.monotonic())
            self.bodies.append(body)
            self.headers.append(headers)
            self.prompts[prompt] += 1
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            return prompt, self.prompts[prompt]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        endpoint = self.server.endpoint
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt, times = endpoint.note(body, {"path": self.path, **self.headers})
        try:
            found = TEXT.search(prompt)
            reply = endpoint.behave(found.group(1) if found else prompt, times, body)
            reply = reply if isinstance(reply, Reply) else Reply(reply)
            time.sleep(reply.seconds)
            if reply.held:
                self.wait_until_the_client_is_gone()
        finally:
            with endpoint.lock:
                endpoint.running -= 1
        if reply.held:
            return
        if reply.status == 200 and not reply.cut and not reply.drop and isinstance(reply.content, dict):
            with endpoint.lock:
                endpoint.answered[prompt] += 1
        self.reply(reply)

    def wait_until_the_client_is_gone(self):
        with suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True

    def reply(self, reply):
        if reply.drop:  # the connection is reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        content = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
        try:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if reply.cut else content)
        except OSError:  # the client is gone
            self.close_connection = True
        if reply.cut:
            self.close_connection = True

    def log_message(self, *_arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # clients that were killed


@contextmanager
def serving(behave):
    """Run an endpoint in a thread."""
    server = Server(("127.0.0.1", 0), Handler)
    server.endpoint = Endpoint(behave, f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
