"""Plain Keras training learns, and reports what the layer measures."""

import common
import numpy as np
from kinds import every_kind


@every_kind
def test_fit_lowers_the_loss_and_reports_the_metrics(kind, tf):
    layer = kind.make()
    history = common.fit(layer)
    assert history["loss"][-1] < 0.9 * history["loss"][0]
    for name in layer.metric_names:
        assert np.isfinite(history[f"{layer.name}_{name}"]).all()
