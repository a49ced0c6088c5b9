/* What is asked for, and whether it can be had. */
#include "models/gbdt/gbdt.h"

#include <math.h>

static vouch_status check_part(vouch_ctx *ctx, const vouch__part_rows *part, const char *name,
                               vouch__gbdt_loss_id loss)
{
    for (size_t i = 0; i < part->n; i++) {
        double w = part->weight ? part->weight[i] : 1.0;
        const char *wrong = vouch__gbdt_target_wrong(loss, part->target[i]);
        if (wrong)
            return vouch__fail(ctx, VOUCH_E_DATA, "fit: a target of %s row %zu is %s", name, i, wrong);
        if (!(w > 0.0 && w < 1e150))
            return vouch__fail(ctx, VOUCH_E_DATA, "fit: the weight of %s row %zu must be finite and > 0",
                               name, i);
    }
    return VOUCH_OK;
}

static vouch_status check_inputs(vouch_ctx *ctx, const vouch__fit_data *data, vouch__gbdt_loss_id loss)
{
    const vouch__inputs *inputs = data->binding->inputs;
    if (inputs->n == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: there are no inputs");
    for (size_t j = 0; j < inputs->n; j++) {
        const vouch__input *input = &inputs->at[j];
        if (input->is_category && input->monotone)
            return vouch__fail(ctx, VOUCH_E_ARG, "fit: input '%s' is a category, it cannot be monotone",
                               input->name);
        if (input->is_category && data->missing && data->missing[j])
            return vouch__fail(ctx, VOUCH_E_ARG,
                               "fit: input '%s' is a category, its missing values have no side", input->name);
        if (loss == VOUCH__LOSS_QUANTILE && input->monotone)
            return vouch__fail(ctx, VOUCH_E_ARG,
                               "fit: input '%s' is monotone, which quantile loss cannot keep: its leaves are "
                               "set by their rows afterwards",
                               input->name);
    }
    return VOUCH_OK;
}

/* Means that the start is made from. */
static vouch_status check_outcomes(vouch_ctx *ctx, const vouch__part_rows *train, vouch__gbdt_loss_id loss)
{
    size_t above = 0;
    for (size_t i = 0; i < train->n; i++)
        above += train->target[i] > 0.0;
    if (vouch__gbdt_is_binary(loss) && (above == 0 || above == train->n))
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: every training row has the same outcome");
    if (vouch__gbdt_link(loss) == VOUCH_LINK_LOG && above == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: every target of the training rows is 0");
    return VOUCH_OK;
}

vouch_status vouch__gbdt_check(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gbdt_params *params)
{
    if (data->train.n == 0 && data->binding->inputs->n)
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: there are no training rows");
    if (data->train.n > 100000000)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "fit: %zu training rows, at most 100000000", data->train.n);
    if (data->is_event && params->loss != VOUCH__LOSS_CUSTOM && !vouch__gbdt_is_binary(params->loss))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "fit: what is run here is an event of yes or no, so loss must be logistic");
    if (params->bad_weight != 1.0 && !vouch__gbdt_is_binary(params->loss))
        return vouch__fail(ctx, VOUCH_E_ARG, "fit: bad_weight is for targets of 0 and 1");
    vouch_status status = check_inputs(ctx, data, params->loss);
    if (!status)
        status = check_part(ctx, &data->train, "training", params->loss);
    if (!status)
        status = check_part(ctx, &data->tune, "tuning", params->loss);
    return status ? status : check_outcomes(ctx, &data->train, params->loss);
}

static vouch_status weigh(vouch_ctx *ctx, vouch__part_rows *part, double bad_weight)
{
    double *weight = vouch__scratch(ctx, part->n, sizeof *weight);
    if (!weight)
        return vouch__oom(ctx);
    for (size_t i = 0; i < part->n; i++)
        weight[i] = (part->weight ? part->weight[i] : 1.0) * (part->target[i] > 0.5 ? bad_weight : 1.0);
    part->weight = weight;
    return VOUCH_OK;
}

vouch_status vouch__gbdt_weigh(vouch_ctx *ctx, const vouch__gbdt_params *params, vouch__fit_data *data)
{
    double of[2] = { 0.0, 0.0 }, bad_weight = params->bad_weight;
    if (bad_weight == 1.0)
        return VOUCH_OK;
    for (size_t i = 0; i < data->train.n; i++)
        of[data->train.target[i] > 0.5] += data->train.weight ? data->train.weight[i] : 1.0;
    if (bad_weight == 0.0)
        bad_weight = of[0] / of[1];
    vouch_status status = weigh(ctx, &data->train, bad_weight);
    return status ? status : weigh(ctx, &data->tune, bad_weight);
}
