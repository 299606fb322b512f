"""The stock Python client, used as its documentation says; prints one JSON document for python-client.test.ts.

    python3 python_client.py KUBECONFIG
"""

import json
import sys

from kubernetes import client, config, dynamic, watch

config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()
apps = client.AppsV1Api()
results = {}


def config_map(name, data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


created = core.create_namespaced_config_map("default", config_map("a", {"k": "1"}))
results["created"] = created.metadata.name
results["patched"] = core.patch_namespaced_config_map("a", "default", {"data": {"l": "2"}}).data
try:
    core.create_namespaced_config_map("default", config_map("a", {}))
except client.ApiException as error:
    results["again"] = [error.status, json.loads(error.body)["reason"]]

labels = {"app": "d"}
template = client.V1PodTemplateSpec(
    metadata=client.V1ObjectMeta(labels=labels),
    spec=client.V1PodSpec(containers=[client.V1Container(name="c", image="i:1")]),
)
spec = client.V1DeploymentSpec(
    replicas=2, selector=client.V1LabelSelector(match_labels=labels), template=template
)
apps.create_namespaced_deployment(
    "default", client.V1Deployment(metadata=client.V1ObjectMeta(name="d"), spec=spec)
)
scaled = apps.patch_namespaced_deployment_scale("d", "default", {"spec": {"replicas": 3}})
results["scaled"] = scaled.spec.replicas
deployment = apps.read_namespaced_deployment("d", "default")
results["deployment"] = [deployment.spec.replicas, deployment.spec.strategy.type]

version = core.list_namespaced_config_map("default").metadata.resource_version
core.create_namespaced_config_map("default", config_map("b", {}))
core.delete_namespaced_config_map("b", "default")
events = []
watcher = watch.Watch()
for event in watcher.stream(
    core.list_namespaced_config_map, "default", resource_version=version, timeout_seconds=60
):
    events.append([event["type"], event["object"].metadata.name])
    if len(events) == 2:
        watcher.stop()
results["events"] = events

resources = dynamic.DynamicClient(client.ApiClient())
services = resources.resources.get(api_version="v1", kind="Service")
body = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}], "selector": labels}}
results["service"] = services.create(body=body, namespace="default").spec.ports[0].targetPort
apps.delete_namespaced_deployment("d", "default", propagation_policy="Background")
results["left"] = len(apps.list_namespaced_deployment("default").items)
print(json.dumps(results))
