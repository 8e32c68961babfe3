# The public names of labelkit and the module of each: the one list, read by type checkers and, a line a name, by
# __init__.py.

from ._shared.error_codes import (
    ErrorSection as ErrorSection,
    ErrorSections as ErrorSections,
    explain_error as explain_error,
)
from ._version import (
    __version__ as __version__,
)
from .analysis.coverage import (
    coverage_by as coverage_by,
    coverage_by_class as coverage_by_class,
    coverage_over_time as coverage_over_time,
)
from .analysis.marginal_values import (
    marginal_values as marginal_values,
)
from .analysis.model_comparison import (
    Comparison as Comparison,
    compare as compare,
)
from .analysis.pairwise import (
    near_duplicate_rules as near_duplicate_rules,
    pairwise_conflicts as pairwise_conflicts,
    pairwise_overlaps as pairwise_overlaps,
)
from .analysis.suggest import (
    Suggestion as Suggestion,
    Suggestions as Suggestions,
    suggest as suggest,
)
from .analysis.summary import (
    Summary as Summary,
    summarize as summarize,
)
from .analysis.suspicious_gold import (
    suspicious_gold as suspicious_gold,
)
from .analysis.vote_differences import (
    VoteDifferences as VoteDifferences,
    compare_votes as compare_votes,
)
from .analysis.what_to_fix import (
    Finding as Finding,
    Findings as Findings,
    what_to_fix as what_to_fix,
)
from .annotate import (
    Agreement as Agreement,
    AnnotationSession as AnnotationSession,
    Answers as Answers,
    agreement as agreement,
)
from .apply.applier import (
    Applier as Applier,
)
from .apply.arrow_votes import (
    ArrowVotes as ArrowVotes,
)
from .apply.prompt_costs import (
    DryRun as DryRun,
    Estimates as Estimates,
    dry_run as dry_run,
    estimate as estimate,
)
from .bundles import (
    Bundle as Bundle,
    bundle as bundle,
    load_bundle as load_bundle,
)
from .corpus import (
    Corpus as Corpus,
    Source as Source,
    SqlQuery as SqlQuery,
    open_corpus as open_corpus,
)
from .curation.augmentation import (
    ApplyAllPolicy as ApplyAllPolicy,
    ApplyEachPolicy as ApplyEachPolicy,
    ApplyOnePolicy as ApplyOnePolicy,
    Augmented as Augmented,
    CharacterNoise as CharacterNoise,
    MeanFieldPolicy as MeanFieldPolicy,
    MixedRows as MixedRows,
    RandomPolicy as RandomPolicy,
    TransformationFunction as TransformationFunction,
    augment as augment,
    back_translate as back_translate,
    drop_words as drop_words,
    learn_noise as learn_noise,
    mixup as mixup,
    paraphrase as paraphrase,
    swap_slots as swap_slots,
    swap_words as swap_words,
    synonyms as synonyms,
    transformation_function as transformation_function,
    typos as typos,
)
from .curation.augmentation.effect import (
    AugmentationEffect as AugmentationEffect,
    augmentation_effect as augmentation_effect,
)
from .curation.balance import (
    Balanced as Balanced,
    ClassWeights as ClassWeights,
    PriorCorrectedClassifier as PriorCorrectedClassifier,
    ResampledFeatures as ResampledFeatures,
    TwoPhaseClassifier as TwoPhaseClassifier,
    balance as balance,
    class_weights as class_weights,
    correct_prior as correct_prior,
    resample_features as resample_features,
)
from .curation.data_drift import (
    DDM as DDM,
    DataDrift as DataDrift,
    PageHinkley as PageHinkley,
    data_drift as data_drift,
)
from .curation.data_set import (
    DataCard as DataCard,
    DataSet as DataSet,
    create_dataset as create_dataset,
    open_dataset as open_dataset,
)
from .curation.few_labels import (
    SpreadEvidence as SpreadEvidence,
    SpreadLabels as SpreadLabels,
    spread_labels as spread_labels,
)
from .curation.natural_labels import (
    Exposure as Exposure,
    NaturalLabels as NaturalLabels,
    natural_labels as natural_labels,
)
from .curation.near_duplicates import (
    NearDuplicates as NearDuplicates,
    near_duplicate_texts as near_duplicate_texts,
)
from .curation.next_to_label import (
    STRATEGIES as STRATEGIES,
    NextExamples as NextExamples,
    StreamChooser as StreamChooser,
    next_to_label as next_to_label,
)
from .curation.sampling import (
    Sample as Sample,
    SampleEstimate as SampleEstimate,
    sample as sample,
)
from .curation.slices import (
    FoundSlices as FoundSlices,
    NextSlices as NextSlices,
    SliceMembership as SliceMembership,
    SliceSummary as SliceSummary,
    apply_slices as apply_slices,
    find_slices as find_slices,
    next_slices as next_slices,
    slice_dataframe as slice_dataframe,
    summarize_slices as summarize_slices,
)
from .curation.splits import (
    Leak as Leak,
    Split as Split,
    SplitCheck as SplitCheck,
    check_split as check_split,
    rolling_splits as rolling_splits,
    split as split,
)
from .datasets import (
    EngagementLog as EngagementLog,
    engagement_log as engagement_log,
    generate_comments as generate_comments,
    generate_engagement_log as generate_engagement_log,
    generate_posts as generate_posts,
    load_comments as load_comments,
    load_posts as load_posts,
)
from .end_models import (
    CorpusFeatures as CorpusFeatures,
    read_features as read_features,
)
from .end_models.end_model import (
    EndModel as EndModel,
    load_end_model as load_end_model,
    train_end_model as train_end_model,
)
from .exceptions import (
    LabelkitError as LabelkitError,
)
from .interop.export import (
    Exported as Exported,
    export as export,
)
from .interop.read_gold import (
    read_gold as read_gold,
)
from .interop.snorkel_code import (
    Conversion as Conversion,
    ConvertedRule as ConvertedRule,
    Migration as Migration,
    convert_snorkel as convert_snorkel,
    migrate_snorkel as migrate_snorkel,
)
from .interop.sql import (
    SqlVotes as SqlVotes,
    to_sql as to_sql,
)
from .label_models import (
    IBCC as IBCC,
    ContentLabelModel as ContentLabelModel,
    DawidSkene as DawidSkene,
    Evaluation as Evaluation,
    LabelModel as LabelModel,
    MajorityVote as MajorityVote,
    MetalModel as MetalModel,
    OneCoin as OneCoin,
    QuorumVote as QuorumVote,
    SnorkelLabelModel as SnorkelLabelModel,
    TripletModel as TripletModel,
    WeightedVote as WeightedVote,
    load_model as load_model,
)
from .label_models.label_shift import (
    LabelShift as LabelShift,
    label_shift as label_shift,
)
from .label_models.prior import (
    estimate_prior as estimate_prior,
)
from .label_models.prior_estimate import (
    PriorEstimate as PriorEstimate,
    PriorFlips as PriorFlips,
)
from .rules.between import (
    between as between,
)
from .rules.collect import (
    collect as collect,
)
from .rules.compose import (
    at_least as at_least,
    near as near,
    repeated as repeated,
    unnegated as unnegated,
    within as within,
)
from .rules.condition import (
    Condition as Condition,
)
from .rules.databases import (
    duckdb_table as duckdb_table,
    sql_table as sql_table,
)
from .rules.expect import (
    expect as expect,
)
from .rules.fuzzy import (
    fuzzy as fuzzy,
)
from .rules.keywords import (
    keywords as keywords,
    regex as regex,
)
from .rules.labeling_function import (
    Column as Column,
    LabelingFunction as LabelingFunction,
)
from .rules.labeling_functions import (
    LabelingFunctions as LabelingFunctions,
)
from .rules.lexicon import (
    rules_from as rules_from,
)
from .rules.lookup import (
    facts as facts,
    lookup as lookup,
)
from .rules.models import (
    model_output as model_output,
)
from .rules.nlp import (
    entities as entities,
    phrases as phrases,
    spacy_doc as spacy_doc,
    token_pattern as token_pattern,
)
from .rules.normalized_text import (
    normalized_text as normalized_text,
)
from .rules.prompts import (
    prompt as prompt,
)
from .rules.python_rule import (
    column as column,
    labeling_function as labeling_function,
)
from .rules.similarity import (
    Clusters as Clusters,
    fit_clusters as fit_clusters,
    similar_to as similar_to,
)
from .rules.slicing import (
    slicing_function as slicing_function,
)
from .runs.diff import (
    Difference as Difference,
    diff as diff,
)
from .runs.drift import (
    drift as drift,
)
from .runs.history import (
    History as History,
    history as history,
)
from .runs.pipeline import (
    apply_to_folder as apply_to_folder,
    run as run,
)
from .runs.report import (
    write_report as write_report,
)
from .runs.run_folder import (
    RunFolder as RunFolder,
)
from .runs.steps import (
    fit_votes as fit_votes,
    label_to_folder as label_to_folder,
)
from .runs.versions import (
    restore as restore,
    verify as verify,
)
from .runs.why import (
    Why as Why,
    why as why,
)
from .views import (
    View as View,
    view as view,
)
from .views.plots import (
    plot_coverage as plot_coverage,
    plot_coverage_over_time as plot_coverage_over_time,
    plot_curves as plot_curves,
    plot_drift as plot_drift,
    plot_label_distribution as plot_label_distribution,
    plot_pairwise as plot_pairwise,
    plot_reliability as plot_reliability,
)
from .votes.audit import (
    AuditPlan as AuditPlan,
    Certificate as Certificate,
    Prevalence as Prevalence,
    audit_plan as audit_plan,
    certify as certify,
    prevalence as prevalence,
)
from .votes.calibration import (
    ReliabilityCurve as ReliabilityCurve,
    reliability as reliability,
)
from .votes.classification_curves import (
    ClassificationCurves as ClassificationCurves,
    classification_curves as classification_curves,
)
from .votes.label_matrix import (
    LabelMatrix as LabelMatrix,
)
from .votes.label_space import (
    ABSTAIN as ABSTAIN,
    LabelSpace as LabelSpace,
)
from .votes.lf_info import (
    LFInfo as LFInfo,
)
from .votes.outcomes import (
    Fault as Fault,
)
from .votes.probabilistic_labels import (
    ProbabilisticLabels as ProbabilisticLabels,
)
from .votes.vote_patterns import (
    VotePatterns as VotePatterns,
)
