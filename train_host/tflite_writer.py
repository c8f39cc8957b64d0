"""The decoder as a TFLite flatbuffer, written with the schema alone.

Which operators: weights are stored in int8 and a DEQUANTIZE turns them into floats once, when the
model is prepared; the arithmetic is float. Activations in int8 flicker between patterns, and int8
kernels with float activations ("hybrid") are missing or wrong in some runtimes. Every operator is
of a version that tflite-runtime 2.14 knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite
from tflite import BuiltinOperator, BuiltinOptions, TensorType

from firmware.rhythm.decoder import OUTPUTS
from train_host.deep_decoder import DeepDecoder, Layer
from train_host.network import Array, DecoderWeights
from train_host.rounding import RoundedDecoder, RoundedHead

__all__ = ["write_decoder"]

SCHEMA_VERSION = 3
ALIGNMENT = 16
"""Bytes that the runtime wants a buffer of weights aligned to."""
LAST_OLD_OPERATOR = 127
"""Where the schema's first, 8-bit field for operators ends."""

_TYPES = {np.dtype(np.float32): TensorType.FLOAT32, np.dtype(np.int8): TensorType.INT8}


def write_decoder(decoder: DecoderWeights | RoundedDecoder | DeepDecoder) -> bytes:
    """The flatbuffer of ``decoder``: input float32 (n, 2) ``z``; outputs float32 (n, cells)
    ``onset``, ``velocity`` and ``microtiming``. Rounded layers are stored in int8."""
    if not isinstance(decoder, DeepDecoder):
        decoder = DeepDecoder((decoder.first,), tuple((head,) for head in decoder.heads))
    graph = _Graph(decoder.slope)
    z = graph.activation("z", 2)
    active = z
    for number, layer in enumerate(decoder.trunk):
        active = graph.hidden("expand", number, active, layer)
    outputs = []
    for name, head in zip(OUTPUTS, decoder.heads, strict=True):
        inputs = active
        for number, layer in enumerate(head[:-1]):
            inputs = graph.hidden(f"{name}_branch", number, inputs, layer)
        logits = graph.layer(name, inputs, head[-1])
        outputs.append(graph.activation(name, _width(head[-1])))
        squash = BuiltinOperator.TANH if name == "microtiming" else BuiltinOperator.LOGISTIC
        graph.operator(squash, [logits], outputs[-1])
    return graph.finish([z], outputs)


def _width(layer: Layer) -> int:
    return len(layer.bias if isinstance(layer, RoundedHead) else layer[1])


@dataclass(frozen=True)
class _Tensor:
    name: str
    shape: tuple[int, ...]
    kind: int
    buffer: int = 0
    scale: np.float32 | None = None
    batched: bool = False


@dataclass(frozen=True)
class _Operator:
    code: int
    """index into the graph's operator codes"""
    inputs: Sequence[int]
    output: int
    options_type: int
    options: Callable[[Any], int] | None


@dataclass
class _Graph:
    """Tensors, operators and weights, gathered first: a flatbuffer is written from its leaves."""

    slope: float
    """of every LeakyReLU below zero"""
    buffers: list[bytes] = field(default_factory=lambda: [b""])  # buffer 0 is "no data"
    tensors: list[_Tensor] = field(default_factory=list)
    codes: list[tuple[int, int]] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)

    def _add(self, tensor: _Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def activation(self, name: str, width: int) -> int:
        return self._add(_Tensor(name, (1, width), TensorType.FLOAT32, batched=True))

    def constant(self, name: str, value: Array, scale: np.float32 | None = None) -> int:
        value = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        self.buffers.append(value.tobytes())
        kind = _TYPES[value.dtype]
        return self._add(_Tensor(name, value.shape, kind, len(self.buffers) - 1, scale))

    def weights(self, name: str, value: Array) -> int:
        """Weights (inputs, outputs), stored as TFLite has them: (outputs, inputs)."""
        return self.constant(name, value.T.astype(np.float32))

    def dequantised(self, name: str, value: Array, scale: np.float32) -> int:
        stored = self.constant(f"{name}_int8", value.T, scale)
        weights = self._add(_Tensor(name, self.tensors[stored].shape, TensorType.FLOAT32))
        options = BuiltinOptions.DequantizeOptions
        self.operator(
            BuiltinOperator.DEQUANTIZE, [stored], weights, options, _dequantize, version=2
        )
        return weights

    def hidden(self, name: str, number: int, inputs: int, layer: Layer) -> int:
        """A layer and its LeakyReLU; the first of a name goes by the name alone."""
        total = self.layer(f"{name}_{number}" if number else name, inputs, layer)
        label = "hidden" if (name, number) == ("expand", 0) else f"{name}_{number}_hidden"
        active = self.activation(label, _width(layer))
        options = BuiltinOptions.LeakyReluOptions
        self.operator(BuiltinOperator.LEAKY_RELU, [total], active, options, self._leaky)
        return active

    def layer(self, name: str, inputs: int, layer: Layer) -> int:
        if isinstance(layer, RoundedHead):
            weights = self.dequantised(f"{name}_weights", layer.weights, layer.scale)
            return self.dense(name, inputs, weights, layer.bias)
        return self.dense(name, inputs, self.weights(f"{name}_weights", layer[0]), layer[1])

    def _leaky(self, b: Any) -> int:
        tflite.LeakyReluOptionsStart(b)
        tflite.LeakyReluOptionsAddAlpha(b, self.slope)
        return tflite.LeakyReluOptionsEnd(b)

    def dense(self, name: str, inputs: int, weights: int, bias: Array) -> int:
        total = self.activation(f"{name}_sum", len(bias))
        offset = self.constant(f"{name}_bias", bias.astype(np.float32))
        options = BuiltinOptions.FullyConnectedOptions
        self.operator(
            BuiltinOperator.FULLY_CONNECTED, [inputs, weights, offset], total, options, _dense
        )
        return total

    def operator(
        self,
        builtin: int,
        inputs: Sequence[int],
        output: int,
        options_type: int = BuiltinOptions.NONE,
        options: Callable[[Any], int] | None = None,
        version: int = 1,
    ) -> None:
        if (builtin, version) not in self.codes:
            self.codes.append((builtin, version))
        code = self.codes.index((builtin, version))
        self.operators.append(_Operator(code, inputs, output, options_type, options))

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        b = flatbuffers.Builder(sum(map(len, self.buffers)) + (1 << 14))
        buffers = [_buffer(b, data) for data in self.buffers]
        tensors = [_tensor(b, tensor) for tensor in self.tensors]
        operators = [_operator(b, operator) for operator in self.operators]

        parts = (
            _offsets(b, tflite.SubGraphStartTensorsVector, tensors),
            _integers(b, tflite.SubGraphStartInputsVector, inputs),
            _integers(b, tflite.SubGraphStartOutputsVector, outputs),
            _offsets(b, tflite.SubGraphStartOperatorsVector, operators),
            b.CreateString("decoder"),
        )
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, parts[0])
        tflite.SubGraphAddInputs(b, parts[1])
        tflite.SubGraphAddOutputs(b, parts[2])
        tflite.SubGraphAddOperators(b, parts[3])
        tflite.SubGraphAddName(b, parts[4])
        subgraph = tflite.SubGraphEnd(b)

        codes = [_code(b, builtin, version) for builtin, version in self.codes]
        signature = self._signature(b, inputs, outputs)
        vectors = (
            _offsets(b, tflite.ModelStartOperatorCodesVector, codes),
            _offsets(b, tflite.ModelStartSubgraphsVector, [subgraph]),
            _offsets(b, tflite.ModelStartBuffersVector, buffers),
            _offsets(b, tflite.ModelStartSignatureDefsVector, [signature]),
            b.CreateString("A map of drum patterns: z to onset, velocity and microtiming"),
        )
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, SCHEMA_VERSION)
        tflite.ModelAddOperatorCodes(b, vectors[0])
        tflite.ModelAddSubgraphs(b, vectors[1])
        tflite.ModelAddBuffers(b, vectors[2])
        tflite.ModelAddSignatureDefs(b, vectors[3])
        tflite.ModelAddDescription(b, vectors[4])
        b.Finish(tflite.ModelEnd(b), file_identifier=b"TFL3")
        return bytes(b.Output())

    def _signature(self, b: Any, inputs: Sequence[int], outputs: Sequence[int]) -> int:
        def entry(index: int) -> int:
            name = b.CreateString(self.tensors[index].name)
            tflite.TensorMapStart(b)
            tflite.TensorMapAddName(b, name)
            tflite.TensorMapAddTensorIndex(b, index)
            return tflite.TensorMapEnd(b)

        entries = [[entry(index) for index in side] for side in (inputs, outputs)]
        into = _offsets(b, tflite.SignatureDefStartInputsVector, entries[0])
        out = _offsets(b, tflite.SignatureDefStartOutputsVector, entries[1])
        key = b.CreateString("serving_default")
        tflite.SignatureDefStart(b)
        tflite.SignatureDefAddInputs(b, into)
        tflite.SignatureDefAddOutputs(b, out)
        tflite.SignatureDefAddSignatureKey(b, key)
        return tflite.SignatureDefEnd(b)


def _integers(b: Any, start: Callable[[Any, int], Any], values: Sequence[int]) -> int:
    start(b, len(values))
    for value in reversed(values):
        b.PrependInt32(int(value))
    return b.EndVector()


def _offsets(b: Any, start: Callable[[Any, int], Any], values: Sequence[int]) -> int:
    start(b, len(values))
    for value in reversed(values):
        b.PrependUOffsetTRelative(value)
    return b.EndVector()


def _buffer(b: Any, data: bytes) -> int:
    vector = None
    if data:
        # As CreateByteVector, which cannot align.
        b.StartVector(1, len(data), ALIGNMENT)
        b.head -= len(data)
        b.Bytes[b.head : b.head + len(data)] = data
        vector = b.EndVector()
    tflite.BufferStart(b)
    if vector is not None:
        tflite.BufferAddData(b, vector)
    return tflite.BufferEnd(b)


def _tensor(b: Any, tensor: _Tensor) -> int:
    quantization = None
    if tensor.scale is not None:
        tflite.QuantizationParametersStartScaleVector(b, 1)
        b.PrependFloat32(float(tensor.scale))
        scale = b.EndVector()
        tflite.QuantizationParametersStartZeroPointVector(b, 1)
        b.PrependInt64(0)
        zero_point = b.EndVector()
        tflite.QuantizationParametersStart(b)
        tflite.QuantizationParametersAddScale(b, scale)
        tflite.QuantizationParametersAddZeroPoint(b, zero_point)
        quantization = tflite.QuantizationParametersEnd(b)
    name = b.CreateString(tensor.name)
    shape = _integers(b, tflite.TensorStartShapeVector, tensor.shape)
    signature = None
    if tensor.batched:
        signature = _integers(b, tflite.TensorStartShapeSignatureVector, (-1, *tensor.shape[1:]))
    tflite.TensorStart(b)
    tflite.TensorAddShape(b, shape)
    tflite.TensorAddType(b, tensor.kind)
    tflite.TensorAddBuffer(b, tensor.buffer)
    tflite.TensorAddName(b, name)
    if quantization is not None:
        tflite.TensorAddQuantization(b, quantization)
    if signature is not None:
        tflite.TensorAddShapeSignature(b, signature)
    return tflite.TensorEnd(b)


def _operator(b: Any, operator: _Operator) -> int:
    options = operator.options(b) if operator.options else None
    inputs = _integers(b, tflite.OperatorStartInputsVector, operator.inputs)
    outputs = _integers(b, tflite.OperatorStartOutputsVector, [operator.output])
    tflite.OperatorStart(b)
    tflite.OperatorAddOpcodeIndex(b, operator.code)
    tflite.OperatorAddInputs(b, inputs)
    tflite.OperatorAddOutputs(b, outputs)
    if options is not None:
        tflite.OperatorAddBuiltinOptionsType(b, operator.options_type)
        tflite.OperatorAddBuiltinOptions(b, options)
    return tflite.OperatorEnd(b)


def _code(b: Any, builtin: int, version: int) -> int:
    tflite.OperatorCodeStart(b)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(builtin, LAST_OLD_OPERATOR))
    tflite.OperatorCodeAddBuiltinCode(b, builtin)
    tflite.OperatorCodeAddVersion(b, version)
    return tflite.OperatorCodeEnd(b)


def _dense(b: Any) -> int:
    tflite.FullyConnectedOptionsStart(b)
    return tflite.FullyConnectedOptionsEnd(b)


def _dequantize(b: Any) -> int:
    tflite.DequantizeOptionsStart(b)
    return tflite.DequantizeOptionsEnd(b)
