"""Files that are read otherwise than the training table was."""

import pytest

from bpnet.__main__ import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{k % 7}.5,{'uv'[k % 2]},{'pq'[k % 2]}\n" for k in range(60))
    (tmp_path / "t.csv").write_text("a,k,y\n" + rows)
    train = ["train", "--data", "t.csv", "--target", "y", "--epochs", "2", "--quiet", "--out", "m"]
    assert main(train) == 0

    def predicted(content, *flags):
        (tmp_path / "new.csv").write_bytes(content)
        out = tmp_path / "out.csv"
        out.unlink(missing_ok=True)
        code = main(["predict", "m", "new.csv", "--out", str(out), *flags])
        return out.read_text() if code == 0 else code

    return predicted


def test_another_form_of_the_same_file(run, tmp_path):
    right = run(b"a,k,y\n1.5,u,p\n,v,q\n")
    assert isinstance(right, str)
    assert run(b"a\tk\ty\n1,5\tu\tp\n-\tv\tq\n", "--decimal", ",", "--missing=-") == right
    assert (
        run(b"a:k:y:\xe9\n1.5:u:p:1\n:v:q:2\n", "--delimiter", ":", "--encoding", "latin-1")
        == right
    )
    assert run(b"a:k:y:\xe9\n1.5:u:p:1\n:v:q:2\n", "--delimiter", ":") == 2
    assert run(b"a,k,y\n1.5,u,p\n", "--decimal", "x") == 2
    assert main(["evaluate", "m", "new.csv", "--header"]) == 0
