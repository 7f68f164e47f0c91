"""The error function of the array API standard's own functions, against 30 known digits."""

from __future__ import annotations

import math
from fractions import Fraction

import array_api_strict
import numpy as np
import pytest

from bpnet.backends.erf import erf

# mpmath.erf at 60 digits. The first arguments are exact in float32 too.
_FLOAT32 = {
    1.0761972206014595e-42: "1.21435852341278048796725451929e-42",
    1.1754943508222875e-38: "1.3264033365063330343236998696e-38",
    3.0000000095132306e-30: "3.38513751202106888937220402613e-30",
    1.000000013351432e-10: "1.12837918216099024847001667609e-10",
    0.000244140625: "0.00027548318961831864401462578209",
    0.0010000000474974513: "0.00112837884456431732797314890931",
    0.006920886691659689: "0.00780925967610748685938489857601",
    0.009999999776482582: "0.0112834153036624390440640089116",
    0.029999999329447746: "0.0338412215857789068649112342618",
    0.0625: "0.0704319777223870780505900559233",
    0.10000000149011612: "0.112462917682970509028003889421",
    0.20000000298023224: "0.222702592441451895915784113218",
    0.30000001192092896: "0.328626771752715421390518592098",
    0.4000000059604645: "0.428392360777901196857746355833",
    0.4749999940395355: "0.498258048344591354906440600007",
    0.47699999809265137: "0.500057271994420718102348388269",
    0.5: "0.520499877813046537682746653892",
    0.6000000238418579: "0.603856109617271693700804200336",
    0.699999988079071: "0.677801185596779904824804250902",
    0.75: "0.711155633653515131598937834591",
    0.800000011920929: "0.742100971800443705781644223857",
    0.8999999761581421: "0.796908200454968449313788002513",
    0.9706000685691833: "0.830134397319127333383731140117",
    0.9900000095367432: "0.838508073593712030758060072815",
    0.9999999403953552: "0.842700768207378467227179647459",
    1.0: "0.842700792949714869341220635083",
    1.0000001192092896: "0.842700842434378825020972862466",
    1.0099999904632568: "0.846810492348280060325488368718",
    1.100000023841858: "0.880205077596380249631763433301",
    1.25: "0.922900128256458230136523481197",
    1.5: "0.966105146475310727066976261646",
    1.75: "0.986671671219182443772211100129",
    2.0: "0.995322265018952734162069256367",
    2.25: "0.998537283413318848302089203627",
    2.5: "0.99959304798255504106043578426",
    3.0: "0.99997790950300141455862722387",
    3.5: "0.999999256901627658587254476316",
    3.75: "0.999999886272743430203346740923",
    3.8299999237060547: "0.999999939201884929690471296615",
    4.0: "0.99999998458274209971998114784",
}
_FLOAT64 = {
    5e-324: "5.57493381944852271267550929624e-324",
    1.5e-310: "1.69256875064329156460197762408e-310",
    2.2250738585072014e-308: "2.51072698718835429148768517095e-308",
    1e-200: "1.12837916709551255369846789777e-200",
    1e-20: "1.12837916709551251200825302871e-20",
    0.006824935213761241: "0.00770099514168022440901473587522",
    0.9914043249462694: "0.839101905813819017461180726696",
    0.9999999999999999: "0.842700792949714823255030501995",
    1.0000000000000002: "0.842700792949714961513600901257",
    4.5: "0.999999999803383955845711252372",
    5.0: "0.99999999999846254020557196515",
    5.5: "0.999999999999992642152082025602",
    5.8: "0.999999999999999764441062484356",
    5.86: "0.99999999999999988414352632049",
    5.9: "0.999999999999999928095902164495",
    5.92: "0.999999999999999943420894286201",
    5.93: "0.999999999999999949825999830484",
    6.0: "0.999999999999999978480263287501",
    6.1: "0.999999999999999993685397849806",
}


@pytest.fixture(autouse=True)
def _floating_errors():
    with np.errstate(all="raise", under="ignore"):
        yield


def _ulps(values, exact, dtype):
    """Distances from float64 values, in units in the last place of `dtype` at these values."""
    info = np.finfo(dtype)
    exponent = np.maximum(np.frexp(exact)[1], info.minexp + 1)
    return np.abs(values.astype(np.float64) - exact) / np.ldexp(1.0, exponent - info.nmant - 1)


def _math_erf(x):
    return np.asarray([math.erf(value) for value in x.tolist()])


@pytest.mark.parametrize(
    ("dtype", "table"),
    [("float32", _FLOAT32), ("float64", _FLOAT32 | _FLOAT64)],
)
def test_known_values(dtype, table):
    got = erf(np.asarray(list(table), dtype=dtype), np)
    for (x, digits), value in zip(table.items(), got, strict=True):
        true = Fraction(digits)
        rounded = np.asarray(float(true), dtype=dtype)
        # The spacing below a power of two is half of that above, which 1 alone reaches.
        ulp = Fraction(float(np.spacing(np.nextafter(rounded, np.zeros_like(rounded)))))
        assert abs(Fraction(float(value)) - true) <= 2 * ulp, x


def test_float32_densely():
    x = np.arange(0, 0x7F800000, 4999, dtype=np.uint32).view(np.float32)
    assert x[-1] > 3e38
    assert _ulps(erf(x, np), _math_erf(x), np.float32).max() <= 2


def test_float32_near_the_change_of_fits():
    x = np.arange(0x3F700000, 0x3F880000, 7, dtype=np.uint32).view(np.float32)
    assert x[0] < 0.95
    assert x[-1] > 1.06
    assert _ulps(erf(x, np), _math_erf(x), np.float32).max() <= 2


@pytest.mark.parametrize(
    "x",
    [
        np.linspace(0, 1, 50_001),
        np.linspace(1, 6.2, 50_001),
        np.linspace(0.99, 1.01, 10_001),
        1 + np.arange(-1000, 1000) * 2.0**-53,
        np.linspace(5.85, 5.95, 10_001),
        np.geomspace(1e-307, 1, 20_001),
        np.geomspace(6, 1e308, 1001),
        np.arange(1000) * 5e-324,
        np.arange(1000) * 2e-311,
    ],
    ids=["small", "large", "joint", "joint-ulps", "end", "geometric", "beyond", "denormal", "tiny"],
)
def test_float64_densely(x):
    # 2 for this erf and 1 for math.erf
    assert _ulps(erf(x, np), _math_erf(x), np.float64).max() <= 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values(dtype):
    x = np.asarray([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e30, -1e30], dtype=dtype)
    y = erf(x, np)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.asarray([1, -1, np.nan, 0, 0, 1, -1]))
    np.testing.assert_array_equal(np.signbit(y[3:5]), [False, True])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_odd_and_bounded(dtype):
    x = np.linspace(0, 7, 100_001, dtype=dtype)
    y = erf(x, np)
    np.testing.assert_array_equal(erf(-x, np), -y)
    assert y.max() == 1
    assert y[x >= (4 if dtype == "float32" else 6)].min() == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (7,), (2, 3, 4)])
def test_shapes_on_another_device(shape, dtype):
    values = np.linspace(-3, 3, math.prod(shape), dtype=dtype).reshape(shape)
    device = array_api_strict.Device("device1")
    x = array_api_strict.asarray(values, device=device)
    y = erf(x, array_api_strict)
    assert (y.shape, y.dtype, y.device) == (shape, x.dtype, device)
    back = np.from_dlpack(y.to_device(array_api_strict.Device("CPU_DEVICE")))
    np.testing.assert_array_equal(back, erf(values, np))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0])
def test_special_values_elsewhere(value):
    y = float(erf(array_api_strict.asarray(value), array_api_strict))
    np.testing.assert_array_equal(y, np.clip(value, -1, 1))
    assert math.copysign(1, y) == math.copysign(1, value)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_argument_is_kept(dtype):
    x = np.linspace(-7, 7, 999, dtype=dtype)
    before = x.copy()
    x.flags.writeable = False
    expected = erf(x, np)
    np.testing.assert_array_equal(x, before)
    strided = np.repeat(x, 2)[::2]
    np.testing.assert_array_equal(erf(strided, np), expected)


@pytest.mark.parametrize("dtype", ["int64", "float16", "complex128", "bool"])
def test_other_types_are_refused(dtype):
    with pytest.raises(TypeError, match=dtype):
        erf(np.zeros(2, dtype=dtype), np)
