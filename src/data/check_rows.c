/* The rows of the checks of a table: what each is for, and how it is put to a sample. */
#include "data/check_tools.h"

static const vouch__param columns[] = {
    { "columns", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "What is declared of each column, as in a project file: {income: {type: number, min: 0, special: [-1], "
      "allowed: [..], required: true, available_at: income_at}}." },
};

static vouch_status run_quality(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__check_call(ctx, call, vouch__quality_parts);
}

static vouch_status run_leakage(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__check_call(ctx, call, vouch__leakage_parts);
}

const vouch_test vouch__test_data_profile = {
    .id = "data.profile",
    .section = "data",
    .title = "What is in each column",
    .purpose =
        "Whoever judges a model must first know its data: what is there, how much of it, and in what range.",
    .mechanism = "Exact counts and order statistics of every column over all rows.",
    .convention =
        "Quantiles interpolate linearly (Hyndman & Fan type 7); sd divides by n - 1; the most "
        "frequent value is shown from two rows on, the least one on ties. Skewness is adjusted for the "
        "sample (G1).",
    .high_risk = "A minimum or maximum that no person could have, a most frequent value that is a code in "
                 "disguise (-1, 9999), or a column that holds something else than its name says.",
    .strengths = "Exact over all rows, and readable in a minute; most faults of data are seen here before "
                 "any test finds them.",
    .limits = "Each column is looked at alone. It shows; whether what it shows is right only somebody who "
              "knows the source can say.",
    .source =
        "Hyndman & Fan, The American Statistician 50 (1996) 361-365; Joanes & Gill, The Statistician 47 "
        "(1998) 183-189 (skewness)",
    .unit = "columns",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = 0,
    .run = run_quality,
};

const vouch_test vouch__test_data_missing = {
    .id = "data.missing",
    .section = "data",
    .title = "Missing values",
    .purpose = "What is missing is seldom missing by chance: it may say who was asked rather than what the "
               "answer was, and it changes silently when a source does.",
    .mechanism = "The share of missing values of each input, and the bad rate where the value is missing and "
                 "where it is there. The largest share is judged, of inputs whose contract does not say that "
                 "missing is expected.",
    .convention = "Empty cells, NULL and not-a-number are missing; declared special codes are values.",
    .high_risk = "A share above the limit, a bad rate of the missing far from that of the rest, or a column "
                 "that is missing in one period only.",
    .strengths = "Counts every row; the bad rates beside the shares show at once whether being missing is "
                 "information.",
    .limits = "Values that stand for missing (0, -1, a default date) are values here: declare them as "
              "special codes. The largest share is judged, not the pattern.",
    .source = "Little & Rubin, Statistical Analysis with Missing Data (3rd ed., 2019), ch. 1",
    .unit = "share",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = VOUCH__NEEDS_LABELS,
    .run = run_quality,
};

static const vouch__param constant_params[] = {
    { "share", VOUCH__PARAM_REAL, 0.5, 1.0, 1.0, NULL, "",
      "Of the known values, from which one value makes an input constant; below 1 finds nearly constant "
      "ones." },
};

const vouch_test vouch__test_data_constant = {
    .id = "data.constant",
    .section = "data",
    .title = "Columns that hold one value only",
    .purpose =
        "A column that does not vary tells nothing; that somebody delivered it says that it was expected to.",
    .mechanism =
        "Inputs with at most one distinct value among those not missing; or, where a smaller share is "
        "asked for, inputs of which one value holds that share.",
    .convention =
        "Missing values are left aside: a column of one value and gaps is constant. The share is of "
        "the values that are there.",
    .high_risk = "Any constant column: a filter, a join or an extract did something that nobody asked for.",
    .strengths = "Exact, and costs next to nothing.",
    .limits =
        "With the default a column that is constant but for a handful of rows is not found: ask for a share "
        "of 0.99. A rare flag is nearly constant by nature, and may matter.",
    .source = "Kuhn & Johnson, Applied Predictive Modeling (2013), section 3.5",
    .unit = "columns",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = 0,
    .params = constant_params,
    .n_params = sizeof constant_params / sizeof *constant_params,
    .run = run_quality,
};

const vouch_test vouch__test_data_duplicate_rows = {
    .id = "data.duplicate_rows",
    .section = "data",
    .title = "Rows that repeat another row",
    .purpose = "A repeated row counts twice in fitting and may stand on both sides of a split, so that the "
               "test is not one.",
    .mechanism = "Rows are compared in all columns but the id, by a 64-bit hash of their values. Every row "
                 "after the first of its kind counts.",
    .convention = "Missing equals missing. Two different rows share a hash with a chance of n^2 / 2^65.",
    .high_risk =
        "More repeats than rounding explains: a join has multiplied rows, or an extract was appended twice.",
    .strengths = "Exact but for hash collisions, and linear in the rows.",
    .limits = "Rows that differ in one digit are not repeats here. Where all columns take few values, equal "
              "rows are no fault.",
    .source = "Fellegi & Sunter, JASA 64 (1969) 1183-1210",
    .unit = "share",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = 0,
    .run = run_quality,
};

const vouch_test vouch__test_data_conflicting_labels = {
    .id = "data.conflicting_labels",
    .section = "data",
    .title = "The same inputs with both outcomes",
    .purpose = "Where equal inputs end in both outcomes no model can be right about all; a large share means "
               "that what tells them apart was not recorded.",
    .mechanism =
        "Rows are grouped by a 64-bit hash of their inputs; rows of groups that hold both outcomes count.",
    .convention = "Missing equals missing. Rows without an outcome are left out; two different rows share a "
                  "hash with a "
                  "chance of n^2 / 2^65.",
    .high_risk = "A large share where inputs are fine-grained: outcomes are recorded wrongly, or an input "
                 "that decides was lost.",
    .strengths = "Needs no model: it bounds the accuracy that any model of these inputs can reach.",
    .limits = "With few or coarse inputs equal rows with both outcomes are what risk is; with many and fine "
              "ones none will be equal.",
    .source = "Northcutt, Jiang & Chuang, JAIR 70 (2021) 1373-1411 (labels in error)",
    .unit = "share",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS,
    .uses = 0,
    .run = run_quality,
};

const vouch_test vouch__test_data_high_cardinality = {
    .id = "data.high_cardinality",
    .section = "data",
    .title = "Text columns with many distinct values",
    .purpose = "With many levels most are too rare to learn from, new ones keep coming, and a level may "
               "stand for a person.",
    .mechanism = "Distinct texts of every text input; the largest number is judged.",
    .convention = "Distinct texts as they are written: case and blanks count. Missing is no level.",
    .high_risk =
        "A column with almost as many levels as rows, which names persons, or free text that slipped in.",
    .strengths = "Exact, and free: the table keeps the list of its texts.",
    .limits =
        "How rare the levels are is not weighed: a hundred even levels are harmless with a million rows.",
    .source = "Micci-Barreca, SIGKDD Explorations 3 (2001) 27-32",
    .unit = "levels",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = 0,
    .run = run_quality,
};

const vouch_test vouch__test_data_special = {
    .id = "data.special",
    .section = "data",
    .title = "Special codes",
    .purpose = "A code such as -2, \"no consumption\", is not an amount: a model must not take it for the "
               "next value below -1.",
    .mechanism = "Rows that hold each declared special code, and their bad rate.",
    .convention = "A code is looked for as an exact value in the declared column.",
    .high_risk =
        "A code whose bad rate is far from that of its neighbours, or one that is declared and never occurs.",
    .strengths = "Shows codes as what they are before a model takes them for amounts.",
    .limits = "Only declared codes are counted; look for undeclared ones in the profile.",
    .source = "Siddiqi, Intelligent Credit Scoring (2nd ed., 2017), ch. 6",
    .unit = "codes",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = VOUCH__NEEDS_LABELS,
    .params = columns,
    .n_params = 1,
    .run = run_quality,
};

const vouch_test vouch__test_data_class_balance = {
    .id = "data.class_balance",
    .section = "data",
    .title = "How rare the rarer outcome is",
    .purpose = "What can be known about a model is limited by the number of cases of the rarer outcome, not "
               "by the number of rows.",
    .mechanism = "The share of the rarer outcome among all rows.",
    .convention = "Rows without an outcome are left out; case weights are not used.",
    .high_risk = "Fewer than a few hundred cases of the rarer outcome, whatever the number of rows.",
    .strengths = "The first number to know of any sample: it sets the width of every interval that follows.",
    .limits =
        "A rare outcome is no fault in itself, and balancing it by sampling distorts every probability.",
    .source = "Peduzzi et al., J. Clinical Epidemiology 49 (1996) 1373-1379 (events per variable)",
    .unit = "share",
    .needs = VOUCH__NEEDS_LABELS,
    .uses = 0,
    .run = run_quality,
};

const vouch_test vouch__test_data_overlap = {
    .id = "data.overlap",
    .section = "data",
    .title = "Test rows whose inputs stand in train too",
    .purpose = "A row that was seen in fitting is no test of anything.",
    .mechanism = "Rows are compared in all inputs, by a 64-bit hash of their values.",
    .convention = "Inputs that take few values repeat by chance; the share says how often.",
    .high_risk = "A share that rounding cannot explain: the same cases stand on both sides, and every figure "
                 "on test is too good.",
    .strengths = "Linear in the rows and exact but for hash collisions; needs no identifier.",
    .limits = "The same person with one value updated is not found; a split by customer is the remedy, not "
              "this test.",
    .source = "Kaufman, Rosset & Perlich, ACM TKDD 6 (2012) 15",
    .unit = "share",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_REFERENCE,
    .uses = 0,
    .run = run_leakage,
};

const vouch_test vouch__test_data_unseen = {
    .id = "data.unseen",
    .section = "data",
    .title = "Test rows with a category that train does not have",
    .purpose = "A model has no experience with a category it never met; where many rows have one, its "
               "figures on test are not about what it learnt.",
    .mechanism = "Texts of each input among the train rows, against those of the test rows.",
    .convention = "Missing is not a category.",
    .high_risk = "A category that holds many rows and that the reference lacks: a new product, a renamed "
                 "code, another source.",
    .strengths = "Exact, by name, and tells which column.",
    .limits = "Only texts are compared; numbers beyond the reference's range are seen by drift tests.",
    .source = "Breck et al., Data Validation for Machine Learning, SysML (2019)",
    .unit = "share",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_REFERENCE,
    .uses = 0,
    .run = run_leakage,
};

const vouch_test vouch__test_data_identifier = {
    .id = "data.identifier",
    .section = "data",
    .title = "Inputs that number the rows",
    .purpose = "A model that learns an identifier learns by heart, and what numbers rows often knows when, "
               "or by whom, a case was filed.",
    .mechanism =
        "A text input with another text in every row; a whole-number input that differs in every row and "
        "rises or falls throughout in order of id, or whose range is less than ten times the number of rows.",
    .convention = "From 100 rows on. An amount that happens to differ everywhere is not taken for a number "
                  "that was handed out.",
    .high_risk = "Any such input. Case numbers given in order of filing also tell the date, and so the "
                 "outcome's maturity.",
    .strengths = "Finds identifiers under any name.",
    .limits =
        "An identifier of households or branches repeats and is not found here; look at high cardinality.",
    .source = "Kaufman, Rosset & Perlich, ACM TKDD 6 (2012) 15",
    .unit = "columns",
    .needs = VOUCH__NEEDS_FEATURES,
    .uses = 0,
    .run = run_leakage,
};

const vouch_test vouch__test_data_single_auc = {
    .id = "data.single_auc",
    .section = "data",
    .title = "How well one input alone tells the outcomes apart",
    .purpose =
        "An input that alone does what a good model does was probably written after the outcome was known.",
    .mechanism = "Each input becomes a score by the bad rates of its values on train (32 bins for numbers, "
                 "one for each text, one for missing); the score's AUC is measured on tune and test. The "
                 "largest AUC is judged where it is significantly above the advisory limit.",
    .convention = "Significant: the p-value, adjusted by Holm over all inputs, is below 0.05. Standard error "
                  "under the null hypothesis by Hanley and McNeil.",
    .high_risk = "An input at the top of the ranking that is filled in after the outcome: a collection "
                 "status, a closing date, a balance after default.",
    .strengths = "Finds dependence of any shape, also in what is missing, on rows that took no part in "
                 "making the score; corrected for the number of inputs.",
    .limits = "Leakage spread over several inputs is not seen. In behavioural scoring an honest input may "
              "come near the limit: know what it is before it is dropped.",
    .source = "Hanley & McNeil, Radiology 143 (1982) 29-36; Holm, Scand. J. Stat. 6 (1979) 65-70",
    .null_hypothesis = "the AUC is at most the advisory limit",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_REFERENCE,
    .run = run_leakage,
};

const vouch_test vouch__test_data_available_at = {
    .id = "data.available_at",
    .section = "data",
    .title = "Inputs known only after the decision",
    .purpose = "What is known only after the decision cannot inform it; a model fitted on it looks better "
               "than it will ever be.",
    .mechanism = "For every input with a declared time of availability, the rows in which that time is later "
                 "than the decision. One such row is enough for the input to count.",
    .convention =
        "A date against a time is compared by day; rows where either is missing are not counted as late.",
    .high_risk = "Any input that is late in any row. There is no harmless number of them.",
    .strengths = "Settles by dates, row by row, what is otherwise a matter of trust: could this value have "
                 "been known?",
    .limits = "Only inputs whose time of availability is recorded can be tested; a time that is recorded "
              "wrongly is believed.",
    .source = "Kaufman, Rosset & Perlich, ACM TKDD 6 (2012) 15; Lopez de Prado, Advances in Financial "
              "Machine Learning (2018), ch. 7",
    .unit = "columns",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_DATE,
    .uses = 0,
    .params = columns,
    .n_params = 1,
    .run = run_leakage,
};

static vouch_status run_contract(vouch_ctx *ctx, const vouch__test_call *call)
{
    if (!vouch__test_tree(call, "columns")) {
        vouch__test_skip(call, "No columns are declared: nothing is promised.");
        return VOUCH_OK;
    }
    return vouch__check_call(ctx, call, vouch__contract_parts);
}

const vouch_test vouch__test_data_contract = {
    .id = "data.contract",
    .section = "data",
    .title = "Are the data what is promised of them?",
    .purpose = "A model is right for data of the kind it was made for. The contract says what that kind is, "
               "so that a changed unit, a new code or a lost column stops the work and is not learnt.",
    .mechanism = "Every declared column is looked for, and every row is held against its declared type, "
                 "range, set of values and presence. Any breach fails; in a run it stops the work.",
    .convention = "Special codes are exempt from range and set; missing values from all but presence. Rows "
                  "are in order of id, so the first breach is that of the lowest id.",
    .high_risk =
        "Any breach: either the data are wrong or the promise is, and nobody knows which before looking.",
    .strengths = "Exact, row by row, and the first offender is named by id and value.",
    .limits = "Holds each column by itself; rules across columns are data.rules, and what lies in another "
              "table data.keys. What is not declared is not checked.",
    .source = "Breck et al., Data Validation for Machine Learning, SysML (2019)",
    .unit = "breaches",
    .needs = VOUCH__NEEDS_FEATURES,
    .params = columns,
    .n_params = 1,
    .run = run_contract,
};
