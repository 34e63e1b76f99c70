"""What is expected of every backing of store::ResourceClient (tests/unit/resource_client, tests/data/resource_client), asked
of a real API server: the expectations come from there. The embedded ones answer the same in the unit tests."""

import re

import pytest

from support.kubernetes import TOKEN, ControlPlane
from support.programs import run_program

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def plane(_scratch):
    plane = ControlPlane(_scratch / "resource-client").start()
    plane.install_crds()
    yield plane
    plane.stop()


def test_the_real_server_does_what_is_expected_of_all(plane):
    output = run_program("resource_client_test", "--test-case=*<kube-apiserver>",
                         OFFTAKE_TEST_KUBERNETES=plane.url, OFFTAKE_TEST_KUBERNETES_TOKEN=TOKEN,
                         OFFTAKE_TEST_KUBERNETES_CA=str(plane.authority.certificate), OFFTAKE_TEST_ETCD=plane.etcd_url)
    passed = int(re.search(r"test cases:.*?(\d+) passed", output).group(1))
    print(f"{passed} cases passed")
    assert passed >= 80
