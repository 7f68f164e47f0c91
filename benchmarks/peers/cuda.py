"""What peers on PyTorch need on a GPU."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["captured", "wait"]


def captured(step: Callable[[], None]) -> Callable[[], None]:
    """A step of PyTorch's as a CUDA graph."""
    import torch

    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # where libraries make what they cannot during a capture
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    # With memory of its own for cuBLAS: github.com/pytorch/pytorch/issues/193402.
    torch._C._cuda_clearCublasWorkspaces()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    torch._C._cuda_clearCublasWorkspaces()
    replay: Callable[[], None] = graph.replay
    return replay


def wait(device: str) -> None:
    """Until a GPU has done what it was given."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize(device)
