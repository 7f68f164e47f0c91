"""Sources of CUDA kernels: what each computes, and the code for arrays that lie in one way.

That the code compiles, and computes what NumPy does, is tested with CuPy's plan.
"""

import math

import numpy as np
import pytest

from bpnet.compiler.ir import ELEMENTWISE, FUSED
from bpnet.compiler.targets.kernels import (
    KERNEL_NAME,
    THREADS,
    KernelSource,
    cuda_code,
    elementwise_source,
    gather_source,
    is_rowwise,
    random_source,
    rowwise_source,
)
from bpnet.compiler.targets.kernels.expressions import EXPRESSIONS
from bpnet.compiler.targets.kernels.placed_array import placed_array
from bpnet.compiler.targets.kernels.types import literal
from bpnet.compiler.trace import Recorder


def recorded(function, *shapes, dtype="float64"):
    """Nodes of a function of arrays: the leaves, then the operations in order."""
    recorder = Recorder(dtype)
    leaves = [recorder.leaf("input", shape, None) for shape in shapes]
    before = len(recorder.nodes)
    function(recorder, *leaves)
    leaves = [leaf.node for leaf in leaves]
    return leaves, [node for node in recorder.nodes[before:] if node.op != "constant"]


def softmax(xp, z):
    e = xp.exp(z - xp.max(z, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


# ------------------------------------------------------------------ elementwise chains


def test_a_chain_is_one_statement_for_each_operation():
    (x, y), group = recorded(lambda xp, x, y: xp.exp(x * y) + 0.5, (3, 4), (4,))
    source = elementwise_source(group, group[:-1])
    assert source.body.splitlines() == [
        "const double v0 = in0 * in1;",
        "const double v1 = exp(v0);",
        "const double v2 = v1 + double(0.5);",
        "out0 = v2;",
    ]
    assert (source.inputs, source.outputs, source.rowwise) == (
        ("float64",) * 2,
        ("float64",),
        False,
    )
    assert source.arguments == (x, y)
    assert source.results == (group[-1],)


def test_what_is_read_outside_of_a_chain_is_written_last():
    _, group = recorded(lambda xp, x: xp.where(x > 0.0, -x, x * x), (2, 2), dtype="float32")
    source = elementwise_source(group, ())
    assert source.outputs == ("bool", "float32", "float32", "float32")
    assert source.body.splitlines() == [
        "const bool v0 = in0 > float(0.0);",
        "const float v1 = -in0;",
        "const float v2 = in0 * in0;",
        "const float v3 = v0 ? v1 : v2;",
        *(f"out{k} = v{k};" for k in range(4)),
    ]


def test_every_operation_of_a_chain_has_an_expression():
    # What only PyTorch's and NumPy's rewritings make is not for kernels.
    assert set(EXPRESSIONS) == ELEMENTWISE - FUSED


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "float(0.1)"),
        (-1.5e-300, "float(-1.5e-300)"),
        (math.inf, "(float(1) / float(0))"),
        (-math.inf, "(-float(1) / float(0))"),
        (math.nan, "(float(0) / float(0))"),
    ],
)
def test_numbers_are_written_to_the_last_bit(value, text):
    assert literal(value, "float") == text


# ------------------------------------------------------------------ rows


def test_a_softmax_is_a_warp_for_each_row():
    (z,), group = recorded(softmax, (3, 4), dtype="float32")
    assert is_rowwise(group)
    source = rowwise_source(group, group[:-1])
    assert source.rowwise
    assert source.arguments == (z,)
    loop = "for (int e = 0, column = lane; e < EACH; ++e, column += LANES)"
    lines = [line for line in source.body.splitlines() if line != "#pragma unroll"]
    assert lines == [
        "float v0 = (-float(1) / float(0));",
        f"{loop} if (column < 4) {{ float w = in0[e]; v0 = (v0 != v0 || v0 > w) ? v0 : w; }}",
        "for (int far = LANES / 2; far > 0; far /= 2)",
        "{ float w = __shfl_xor_sync(0xffffffffu, v0, far); v0 = (v0 != v0 || v0 > w) ? v0 : w; }",
        "float v1[EACH];",
        f"{loop} v1[e] = in0[e] - v0;",
        "float v2[EACH];",
        f"{loop} v2[e] = exp(v1[e]);",
        "float v3 = float(0.0);",
        f"{loop} if (column < 4) {{ float w = v2[e]; v3 = v3 + w; }}",
        "for (int far = LANES / 2; far > 0; far /= 2)",
        "{ float w = __shfl_xor_sync(0xffffffffu, v3, far); v3 = v3 + w; }",
        "float v4[EACH];",
        f"{loop} v4[e] = v2[e] / v3;",
        f"{loop} out0[e] = v4[e];",
    ]


def test_numbers_of_rows_are_computed_once_a_thread():
    _, group = recorded(
        lambda xp, z, s: z / xp.sqrt(xp.sum(z, axis=1, keepdims=True) + s), (3, 4), (3, 1)
    )
    lines = rowwise_source(group, group[:-1]).body.splitlines()
    assert "const double v1 = v0 + in1[0];" in lines
    assert "const double v2 = sqrt(v1);" in lines


@pytest.mark.parametrize(
    ("function", "shapes", "rowwise"),
    [
        (softmax, [(3, 512)], True),
        (softmax, [(3, 513)], False),  # a thread would hold too many elements
        (softmax, [(3, 1)], False),
        (lambda xp, z: xp.exp(z), [(3, 4)], False),  # no reduction
        (lambda xp, z: xp.sum(z, axis=0), [(3, 4)], False),
        (lambda xp, z: xp.sum(z, axis=1), [(3, 4)], False),
        (lambda xp, z, v: [softmax(xp, z), xp.exp(v)], [(3, 4), (4,)], False),
        (lambda xp, z, y: [softmax(xp, z), softmax(xp, y)], [(3, 4), (3, 5)], False),
        (lambda xp, z, w: softmax(xp, z @ w), [(3, 4), (4, 4)], False),
    ],
)
def test_which_chains_are_rowwise(function, shapes, rowwise):
    _, group = recorded(function, *shapes)
    assert is_rowwise(group) is rowwise


# ------------------------------------------------------------------ the code around a body

COPY = KernelSource(("float32",), ("float32",), "out0 = in0;")


def test_the_code_of_an_elementwise_kernel():
    text, blocks = cuda_code(COPY, [(3, 4), (3, 4)], [(4, 1), (4, 1)])
    assert blocks == 1
    assert text == "\n".join(
        [
            f'extern "C" __global__ void __launch_bounds__({THREADS}) '
            f"{KERNEL_NAME}(const float *at_in0, float *at_out0)",
            "{",
            "const int first = (int)blockIdx.x * 128 + threadIdx.x;",
            "float all_in0[1];",
            "#pragma unroll",
            "for (int e = 0; e < 1; ++e) if (const int i = first + e * 128; i < 12) {",
            "all_in0[e] = at_in0[i];",
            "}",
            "#pragma unroll",
            "for (int e = 0; e < 1; ++e) if (const int i = first + e * 128; i < 12) {",
            "const float in0 = all_in0[e];",
            "float out0;",
            "out0 = in0;",
            "at_out0[i] = out0;",
            "}",
            "}",
            "",
        ]
    )


def test_a_thread_of_a_large_array_computes_four_elements():
    text, blocks = cuda_code(COPY, [(2**18,)] * 2, [(1,)] * 2)
    assert "float all_in0[4];" in text
    assert blocks == 2**18 // (4 * THREADS)


def test_bfloat16_is_converted_where_it_is_read_and_written():
    low = KernelSource(("bfloat16", "float32"), ("bfloat16",), "out0 = in0 + in1;")
    text, _ = cuda_code(low, [(2, 2)] * 3, [(2, 1)] * 3)
    assert "const unsigned short *at_in0, const float *at_in1, unsigned short *at_out0" in text
    assert "const float in0 = wide(all_in0[e]);" in text
    assert "at_out0[i] = narrow(out0);" in text
    assert "narrow" not in cuda_code(COPY, [(2, 2)] * 2, [(2, 1)] * 2)[0]


def test_a_row_takes_32_threads_and_its_numbers_are_written_once():
    rows = KernelSource(("float32",), ("float32", "float32"), "", rowwise=True)
    text, blocks = cuda_code(rows, [(8, 40), (8, 40), (8, 1)], [(40, 1), (40, 1), (1, 1)])
    assert blocks == 8 * 32 // THREADS
    assert "#define EACH ((40 + LANES - 1) / LANES)" in text
    loop = "for (int e = 0, column = lane; e < EACH; ++e, column += LANES)"
    assert f"{loop} if (column < 40) at_out0[row * 40 + column * 1] = out0[e];" in text
    assert f"{loop} if (column < 1) at_out1[row * 1 + column * 0] = out1[e];" in text


@pytest.mark.parametrize("rowwise", [False, True])
def test_a_result_of_another_shape_is_refused(rowwise):
    source = KernelSource(("float32",), ("float32",), "", rowwise=rowwise)
    with pytest.raises(ValueError, match=r"a result of shape \(1, 4\) cannot hold .* \(3, 4\)"):
        cuda_code(source, [(3, 4), (1, 4)], [(4, 1), (4, 1)])


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((3, 4), (4, 1), "i"),
        ((3, 1, 4), (4, 4, 1), "i"),
        ((3, 4), (1, 3), "i / 4 * 1 + i % 4 * 3"),
        ((3, 4), (8, 1), "i / 4 * 8 + i % 4 * 1"),
        ((4,), (1,), "i % 4 * 1"),
        ((3, 1), (1, 1), "i / 4 * 1"),
        ((), (), "0"),
        ((2, 3, 4), (24, 8, 2), "i / 12 * 24 + i / 4 % 3 * 8 + i % 4 * 2"),
    ],
)
def test_where_an_element_lies(shape, strides, offset):
    whole = np.broadcast_shapes(shape, (3, 4) if len(shape) < 3 else shape)
    one = placed_array("float32", "in0", shape, strides, len(whole))
    found = one.element(whole)
    assert sorted(found.removeprefix("at_in0[").removesuffix("]").split(" + ")) == sorted(
        offset.split(" + ")
    )
    indices = np.indices(whole).reshape(len(whole), -1)
    expected = np.asarray(one.strides) @ indices if shape else np.zeros(12, int)
    expression = offset.replace("/", "//")
    assert [eval(expression, {"i": i}) for i in range(len(expected))] == expected.tolist()


# ------------------------------------------------------------------ random numbers and gathers


def test_a_gather_reads_whole_rows():
    source = gather_source("float32", 7)
    assert source.body == "out0 = at_in1[in0 * 7 + i % 7];"
    assert (source.inputs, source.outputs) == (("int64", "float32"), ("float32",))


def test_a_mask_compares_24_bits_with_the_probability():
    source = random_source("keep_mask", (0.75, 5), "float32")
    assert "(sample + 5u)" in source.body
    kept = f"out0 = bits(own) < {round(0.75 * 2**24)}u ? float({1 / 0.75!r}) : float(0);"
    assert source.body.splitlines()[-1] == kept


def test_normal_numbers_are_computed_in_the_type_of_the_array():
    for dtype, ctype in (("float32", "float"), ("float64", "double"), ("bfloat16", "float")):
        source = random_source("normal", (0,), dtype)
        assert source.outputs == (dtype,)
        assert source.body.splitlines()[-1].startswith(f"out0 = sqrt({ctype}(-2) * log(radius))")
