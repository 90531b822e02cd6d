import keras

from t2t_vq.training.weight_names import named_slots, named_variables


class Pair(keras.layers.Layer):
    """Two layers of one shape, made in the order that it is told, in a list or not."""

    def __init__(self, order=("left", "right")):
        super().__init__()
        for name in order:
            setattr(self, name, keras.layers.Dense(2))
            getattr(self, name).build((None, 2))


class Nest(keras.layers.Layer):
    """Layers in containers, one of them twice, and a variable that no attribute leads to."""

    def __init__(self):
        super().__init__()
        self.pairs = [Pair(), {"inner": Pair()}]
        self.shared = self.pairs[0].left
        self.dropout = keras.layers.Dropout(0.5)
        self.add_weight(shape=(1,), name="loose")


def test_names_are_paths_of_attributes_whatever_was_made_first():
    for order in (("left", "right"), ("right", "left")):
        pair = Pair(order)
        names = named_variables(pair)
        assert set(names) == {"left/kernel", "left/bias", "right/kernel", "right/bias"}
        assert names["left/kernel"] is pair.left.kernel
        assert list(map(id, names.values())) == list(map(id, pair.variables))


def test_names_lead_through_containers_and_the_shortest_counts():
    nest = Nest()
    names = named_variables(nest)
    assert names["shared/kernel"] is nest.pairs[0].left.kernel
    assert names["pairs/0/right/bias"] is nest.pairs[0].right.bias
    assert names["pairs/1/inner/left/kernel"] is nest.pairs[1]["inner"].left.kernel
    assert names["dropout/seed_generator/state"] is nest.dropout.seed_generator.state
    assert names["other/0"].name == "loose"
    assert len(names) == len(nest.variables)


def test_slots_of_an_optimizer_have_the_names_of_their_weights():
    pair, optimizer = Pair(), keras.optimizers.Adam()
    optimizer.build(pair.trainable_variables)
    names = named_slots(optimizer, list(named_variables(pair)))
    assert names["iterations"] is optimizer.iterations
    assert names["velocities/right/kernel"] is optimizer._velocities[2]
    assert list(map(id, names.values())) == list(map(id, optimizer.variables))
