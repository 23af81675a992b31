"""A training step of 16-64-32-32-5 (batch 1024, Adam) in HGQ2 on JAX, with its defaults: a bit width for every weight.

`step`: its compiled step alone, called again and again with one batch on the device, the fastest there is.
`fit`: what `model.fit` takes for a step, with its shuffling, batches and metrics, as QFX's `train` has them.
"""

import sys

import jax
import keras
import numpy
from hgq.config import LayerConfigScope, QuantizerConfigScope
from hgq.layers import QDense
from turns import require, step_timer, take_turns, versions

require("hgq2", "0.2.")
keras.utils.set_random_seed(1)
batch, steps = 1024, 100
with (
    QuantizerConfigScope(place="all", default_q_type="kbi", overflow_mode="SAT_SYM"),
    QuantizerConfigScope(place="datalane", default_q_type="kif", overflow_mode="WRAP"),
    LayerConfigScope(enable_ebops=True, beta0=1e-5),
):
    hidden = [QDense(units, activation="relu") for units in (64, 32, 32)]
    model = keras.Sequential([keras.layers.Input((16,)), *hidden, QDense(5)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
random = numpy.random.default_rng(1)
x = random.random((batch * steps, 16), dtype=numpy.float32)
y = random.integers(0, 5, batch * steps)

if sys.argv[1] == "fit":

    def run():
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)

else:
    model.train_on_batch(x[:batch], y[:batch])
    data = jax.device_put(x[:batch]), jax.device_put(y[:batch])
    model.make_train_function()
    kinds = ("trainable", "non_trainable", "optimizer", "metrics")
    state = model._get_jax_state(**{f"{kind}_variables": True for kind in kinds})

    def run():
        global state
        for _ in range(steps):
            _, state = model.train_function(state, iter([data]))
        jax.block_until_ready(state)


take_turns(step_timer(run, steps), versions(HGQ2="hgq2", Keras="keras", JAX="jax"))
