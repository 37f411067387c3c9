"""A .tflite file in the making, by the schema's own classes, which LiteRT's wheel brings."""

from __future__ import annotations

from typing import Any

import numpy as np

_RELU = 1  # ActivationFunctionType
#: Where an operator's code goes that is below 127; readers of old files look there.
_LAST_OLD_CODE = 127
#: The options of each operator that students need; None for one that takes none.
_OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "PAD": "PadOptions",
    "RELU": None,
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "RESHAPE": "ReshapeOptions",
    "SOFTMAX": "SoftmaxOptions",
}


class LiteRTModel:
    """One graph: tensors, by their index, and operators in the order in which they run."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema: Any = schema
        self._codes: list[str] = []
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._makers: dict[int, Any] = {}
        self._buffers = [schema.BufferT()]  # the first one is every variable's

    def variable(self, shape: tuple[int, ...]) -> int:
        """Return a float tensor that an operator, or the caller, fills."""
        return self._tensor(shape, self._schema.TensorType.FLOAT32, buffer=0)

    def constant(self, values: np.ndarray) -> int:
        """Return a tensor of float32 or, of whole numbers, int32."""
        kinds, whole = self._schema.TensorType, values.dtype.kind == "i"
        data = np.ascontiguousarray(values, np.int32 if whole else np.float32)
        self._buffers.append(self._schema.BufferT(data=np.frombuffer(data.tobytes(), np.uint8)))
        kind = kinds.INT32 if whole else kinds.FLOAT32
        return self._tensor(values.shape, kind, len(self._buffers) - 1)

    def add(self, kind: str, inputs: list[int], shape: tuple[int, ...], **options: Any) -> int:
        """Append an operator and return its output, a float tensor of `shape`."""
        if kind not in self._codes:
            self._codes.append(kind)
        output, name = self.variable(shape), _OPTIONS[kind]
        operator = self._schema.OperatorT(
            opcodeIndex=self._codes.index(kind), inputs=inputs, outputs=[output]
        )
        if name is not None:
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, name)
            operator.builtinOptions = getattr(self._schema, f"{name}T")(**options)
        self._operators.append(operator)
        self._makers[output] = operator
        return output

    def fuse_relu(self, output: int) -> bool:
        """Let the convolution that makes `output` cut at zero; False where no convolution does."""
        options: Any = getattr(self._makers.get(output), "builtinOptions", None)
        if not hasattr(options, "strideW"):
            return False
        options.fusedActivationFunction = _RELU
        return True

    def finish(self, inputs: list[int], outputs: list[int]) -> bytes:
        """Return the file."""
        import flatbuffers

        schema = self._schema
        graph = schema.SubGraphT(self._tensors, inputs, outputs, self._operators, b"student")
        codes = [getattr(schema.BuiltinOperator, kind) for kind in self._codes]
        model = schema.ModelT(
            version=3,
            operatorCodes=[
                schema.OperatorCodeT(min(code, _LAST_OLD_CODE), builtinCode=code) for code in codes
            ],
            subgraphs=[graph],
            buffers=self._buffers,
        )
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _tensor(self, shape: tuple[int, ...], kind: int, buffer: int) -> int:
        name = f"t{len(self._tensors)}".encode()
        self._tensors.append(self._schema.TensorT(list(shape), kind, buffer, name))
        return len(self._tensors) - 1
