"""Plain Keras training learns, reports what the layer measures, and warns of nothing."""

import warnings

import common
import numpy as np
from kinds import covering_kinds


@covering_kinds
def test_fit_lowers_the_loss_and_reports_the_metrics(kind, tf):
    layer = kind.make()
    with warnings.catch_warnings():
        # It trains, and has started by then.
        warnings.filterwarnings("error", message=".*has not started from data")
        history = common.fit(layer)
        layer(common.vectors(0))
    assert history["loss"][-1] < 0.9 * history["loss"][0]
    for name in layer.metric_names:
        assert np.isfinite(history[f"{layer.name}_{name}"]).all()
