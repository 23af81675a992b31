"""A training step of ResNet-8 (batch 64, Adam, 32x32x3) in PyTorch: `float`, or with Brevitas: `brevitas`.

Brevitas: 8-bit weights and activations, one learned power-of-two scale a tensor; BatchNorm stays floating point, as is
usual there, and so do the sums of convolutions. QFX also quantizes those, and BatchNorm's parameters.

The fastest of what was tried: channels last (a quarter faster), Adam fused; BREVITAS_JIT=1 is slower here.
"""

import sys

import torch
from torch import nn
from turns import require, step_timer, take_turns, versions

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(1)
quantized = sys.argv[1] == "brevitas"

if quantized:
    require("brevitas", "0.13.")
    import brevitas.nn as qnn
    from brevitas.core.scaling import ScalingImplType
    from brevitas.quant import (
        Int8ActPerTensorFixedPoint,
        Int8WeightPerTensorFixedPoint,
        Uint8ActPerTensorFixedPoint,
    )

    class LearnedWeight(Int8WeightPerTensorFixedPoint):
        scaling_impl_type = ScalingImplType.PARAMETER_FROM_STATS

    # By default the first 300 steps take percentiles of every activation; that is not the step to compare with.
    class Signed(Int8ActPerTensorFixedPoint):
        collect_stats_steps = 2

    class Unsigned(Uint8ActPerTensorFixedPoint):
        collect_stats_steps = 2


def conv(inputs, outputs, size, stride):
    options = dict(stride=stride, padding=size // 2, bias=False)
    if not quantized:
        return nn.Conv2d(inputs, outputs, size, **options)
    return qnn.QuantConv2d(inputs, outputs, size, weight_quant=LearnedWeight, **options)


def conv_norm(inputs, outputs, size, stride):
    return nn.Sequential(conv(inputs, outputs, size, stride), nn.BatchNorm2d(outputs))


def relu():
    return qnn.QuantReLU(act_quant=Unsigned) if quantized else nn.ReLU()


def signed():
    return qnn.QuantIdentity(act_quant=Signed) if quantized else nn.Identity()


def linear(inputs, outputs):
    if not quantized:
        return nn.Linear(inputs, outputs)
    return qnn.QuantLinear(inputs, outputs, bias=True, weight_quant=LearnedWeight)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Sequential(conv_norm(inputs, outputs, 3, stride), relu())
        self.second = conv_norm(outputs, outputs, 3, 1)
        self.shortcut = nn.Identity() if stride == 1 else conv_norm(inputs, outputs, 1, stride)
        # Both summands in one type, as Brevitas' own ResNets do.
        self.summand = signed()
        self.relu = relu()

    def forward(self, x):
        return self.relu(self.summand(self.second(self.first(x))) + self.summand(self.shortcut(x)))


model = nn.Sequential(
    signed(),
    conv_norm(3, 16, 3, 1),
    relu(),
    Block(16, 16, 1),
    Block(16, 32, 2),
    Block(32, 64, 2),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    linear(64, 10),
).to(memory_format=torch.channels_last)
model.train()
x = torch.rand(64, 3, 32, 32).to(memory_format=torch.channels_last)
y = torch.randint(0, 10, (64,))
loss_of = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


def three_steps():
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()


packages = {"Brevitas": "brevitas"} if quantized else {}
take_turns(step_timer(three_steps, 3), versions(**packages, PyTorch="torch"))
