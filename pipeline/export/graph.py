"""A graph of ONNX that grows operator by operator: names come by themselves, arrays lie inside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.models.equations.values import Array

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

OPSET, IR_VERSION = 17, 8  # of 2022: what reads ONNX has them
Result = str  # the name of what an operator gives


@dataclass
class Graph:
    """Operators in the order in which they are computed."""

    nodes: list[NodeProto] = field(default_factory=list)
    arrays: list[TensorProto] = field(default_factory=list)
    inputs: list[ValueInfoProto] = field(default_factory=list)

    def input(self, name: str, dtype: type, *shape: str) -> Result:
        """Declare what the graph is given; a dimension is named."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def array(self, value: object, dtype: type = np.float32) -> Result:
        """Return the name of an array that lies inside the graph."""
        from onnx import numpy_helper

        name = f"array_{len(self.arrays)}"
        self.arrays.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=dtype), name))
        return name

    def whole(self, *values: int) -> Result:
        """Return the name of an array of whole numbers, such as axes or a shape."""
        return self.array(values, np.int64)

    def add(self, operator: str, *inputs: Result, **attributes: object) -> Result:
        """Add an operator with one result; return its name."""
        return self.several(operator, 1, *inputs, **attributes)[0]

    def several(self, operator: str, n_results: int, *inputs: Result, **attributes: object) -> list[Result]:
        """Add an operator; return the names of its results."""
        from onnx import helper

        names = [f"{operator}_{len(self.nodes)}.{place}" for place in range(n_results)]
        node = helper.make_node(operator, list(inputs), names)
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(node)
        return names

    def dense(self, values: Result, kernel: Array, bias: Array) -> Result:
        """Return values (B, I) times kernel (I, O) plus bias (O,)."""
        return self.add("Gemm", values, self.array(kernel), self.array(bias))

    def model(self, result: Result, name: str, n_classes: int, told: dict[str, str]) -> ModelProto:
        """Return the graph as a model that gives `probabilities` (B, C); `told` is its metadata."""
        from onnx import TensorProto, checker, helper

        self.nodes.append(helper.make_node("Identity", [result], ["probabilities"]))
        output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["documents", n_classes])
        graph = helper.make_graph(self.nodes, name, self.inputs, [output], self.arrays)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="embedseq"
        )
        helper.set_model_props(model, told)
        checker.check_model(model)
        return model
