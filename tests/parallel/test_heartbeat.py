"""Signs of life between hosts, which communicators of one process stand for here."""

import threading
import time

import pytest

from bpnet.parallel import SerialCommunicator, heartbeat


class Hosts(SerialCommunicator):
    """One of two ranks on two hosts; `others` says what becomes of each sign."""

    size = 2

    def __init__(self, others):
        self.others, self.beats, self.aborted = others, [], threading.Event()

    def gather_objects(self, value):
        return [value, "another host"]

    def pulse(self, ending, seconds):
        self.beats.append(threading.current_thread().name)
        if self.others is not None:
            raise self.others
        return ending

    def abort(self, message):
        self.message = message
        self.aborted.set()


def test_signs_are_given_while_the_fit_runs_and_no_longer():
    hosts = Hosts(None)
    with heartbeat.heartbeat(hosts, every=0.01):
        time.sleep(0.2)
    given = len(hosts.beats)
    time.sleep(0.1)
    assert 2 < given == len(hosts.beats)
    assert set(hosts.beats) == {"bpnet-heartbeat"}


def test_a_silent_host_ends_the_job():
    hosts = Hosts(TimeoutError())
    with heartbeat.heartbeat(hosts, every=0.01, silence=3.0):
        assert hosts.aborted.wait(10.0)
    told = "a rank on another host has given no sign of life for 3 seconds"
    assert hosts.message.startswith("rank 0 of 2 on ")
    assert told in hosts.message


def test_a_rank_that_ended_is_told_as_such(monkeypatch):
    monkeypatch.setattr(heartbeat, "_LATER", 0.0)
    hosts = Hosts(ConnectionError())
    with heartbeat.heartbeat(hosts, every=0.01):
        assert hosts.aborted.wait(10.0)
    assert "another rank has ended" in hosts.message


def test_ranks_of_one_host_need_none():
    hosts = Hosts(TimeoutError())
    hosts.gather_objects = lambda value: [value, value]
    with heartbeat.heartbeat(hosts, every=0.01):
        time.sleep(0.05)
    assert hosts.beats == []


def test_an_error_in_the_fit_passes_and_ends_the_signs():
    hosts = Hosts(None)
    with pytest.raises(ValueError, match="of the fit"), heartbeat.heartbeat(hosts, every=0.01):
        raise ValueError("of the fit")
    time.sleep(0.2)
    given = len(hosts.beats)
    time.sleep(0.1)
    assert len(hosts.beats) == given
