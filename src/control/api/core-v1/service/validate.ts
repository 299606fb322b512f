import type { FieldError } from '../../../machinery/field-errors.js';
import {
  duplicate,
  fieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import { validateLabels } from '../../../machinery/labels.js';
import type { Service, ServiceSpec } from '../../gen/core-v1.js';
import {
  checkDnsSubdomain,
  checkOneOf,
  checkQualifiedName,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkEndpointIp, checkIp, checkNetwork, ipFamilyOf } from '../ip-rules.js';
import { checkClusterIps, checkClusterIpsUpdate } from './cluster-ips.js';
import { checkServicePorts } from './ports.js';
import { isHeadless, needsHealthCheck, specOf } from './service-needs.js';
import { checkTrafficPolicies } from './traffic.js';

const specPath = fieldPath('spec');
const metadataPath = fieldPath('metadata');
const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const affinities = ['ClientIP', 'None'];
const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";

/** A new service. */
export function validateServiceCreate(service: Service): FieldError[] {
  const errors: FieldErrors = [];
  checkService(service, undefined, errors);
  return errors;
}

/** A service that replaces another: addresses stay once they are set. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors: FieldErrors = [];
  const spec = specOf(service);
  const before = specOf(old);
  checkClusterIpsUpdate(spec, before, errors);
  if (spec.type === 'LoadBalancer' && before.type === 'LoadBalancer') {
    if (spec.loadBalancerClass !== before.loadBalancerClass) {
      const path = specPath.child('loadBalancerClass');
      errors.push(invalidValue(path, spec.loadBalancerClass ?? null, 'may not change once set'));
    }
  }
  checkLoadBalancerClass(spec, errors);
  if (needsHealthCheck(spec) && needsHealthCheck(before)) {
    if ((spec.healthCheckNodePort ?? 0) !== (before.healthCheckNodePort ?? 0)) {
      errors.push(forbiddenField(specPath.child('healthCheckNodePort'), 'field is immutable'));
    }
  }
  checkService(service, old, errors);
  return errors;
}

function checkService(service: Service, old: Service | undefined, errors: FieldErrors): void {
  const spec = specOf(service);
  checkTopologyAnnotations(service, errors);
  const needsPorts = !isHeadless(spec) && spec.type !== 'ExternalName';
  if (!spec.ports?.length && needsPorts) errors.push(required(specPath.child('ports'), ''));
  checkType(spec, errors);
  checkServicePorts(spec, specPath.child('ports'), errors);
  errors.push(...validateLabels(spec.selector, specPath.child('selector')));
  checkAffinity(spec, errors);
  checkClusterIps(spec, old?.spec, errors);
  spec.externalIPs?.forEach((ip, at) => {
    const path = specPath.child('externalIPs').index(at);
    const count = errors.length;
    checkIp(ip, path, errors, old?.spec?.externalIPs);
    if (errors.length === count) checkEndpointIp(ip, path, errors);
  });
  checkOneOf(spec.type, serviceTypes, specPath.child('type'), errors);
  checkNodePorts(spec, errors);
  checkSourceRanges(service, old, errors);
  checkLoadBalancer(spec, errors);
  checkTrafficPolicies(spec, specPath, errors);
}

const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';

function checkTopologyAnnotations({ metadata }: Service, errors: FieldErrors): void {
  const hints = metadata.annotations?.[hintsAnnotation];
  const mode = metadata.annotations?.[modeAnnotation];
  if (hints === undefined || mode === undefined || hints === mode) return;
  const path = metadataPath.child('annotations').key(modeAnnotation);
  const text = `must match annotations[${hintsAnnotation}] when both are specified`;
  errors.push(invalidValue(path, mode, text));
}

function checkType(spec: ServiceSpec, errors: FieldErrors): void {
  const { type } = spec;
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec)) {
    const text = `may not be set to 'None' for ${type} services`;
    errors.push(invalidValue(specPath.child('clusterIPs').index(0), 'None', text));
  }
  if (type !== 'ExternalName') return;
  const text = 'may not be set for ExternalName services';
  for (const field of ['clusterIPs', 'ipFamilies'] as const) {
    if (spec[field]?.length) errors.push(forbiddenField(specPath.child(field), text));
  }
  if (spec.ipFamilyPolicy !== undefined) {
    errors.push(forbiddenField(specPath.child('ipFamilyPolicy'), text));
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const path = specPath.child('externalName');
  if (name === '') errors.push(required(path, ''));
  else checkDnsSubdomain(name, path, errors);
}

const affinitySecondsMax = 86_400;

function checkAffinity(spec: ServiceSpec, errors: FieldErrors): void {
  checkOneOf(spec.sessionAffinity, affinities, specPath.child('sessionAffinity'), errors);
  const config = spec.sessionAffinityConfig;
  const path = specPath.child('sessionAffinityConfig');
  if (spec.sessionAffinity === 'None' && config !== undefined) {
    errors.push(forbiddenField(path, 'must not be set when session affinity is None'));
  }
  if (spec.sessionAffinity !== 'ClientIP') return;
  const missing = 'when session affinity type is ClientIP';
  const seconds = config?.clientIP?.timeoutSeconds;
  if (config === undefined) errors.push(required(path, missing));
  else if (config.clientIP === undefined) errors.push(required(path.child('clientIP'), missing));
  else if (seconds === undefined) {
    errors.push(required(path.child('clientIP', 'timeoutSeconds'), missing));
  } else if (seconds <= 0 || seconds > affinitySecondsMax) {
    const text = `must be greater than 0 and less than ${affinitySecondsMax}`;
    errors.push(invalidValue(path.child('clientIP', 'timeoutSeconds'), seconds, text));
  }
}

function checkNodePorts({ type, ports }: ServiceSpec, errors: FieldErrors): void {
  const path = specPath.child('ports');
  const seen = new Set<string>();
  if (type === 'ClusterIP') {
    ports?.forEach(({ nodePort }, at) => {
      const text = "may not be used when `type` is 'ClusterIP'";
      if (nodePort) errors.push(forbiddenField(path.index(at).child('nodePort'), text));
    });
  }
  ports?.forEach(({ protocol = '', nodePort }, at) => {
    if (!nodePort) return;
    const key = `${protocol}/${nodePort}`;
    if (seen.has(key)) errors.push(duplicate(path.index(at).child('nodePort'), nodePort));
    seen.add(key);
  });
  checkPortsDiffer(ports, errors);
}

function checkPortsDiffer(ports: ServiceSpec['ports'], errors: FieldErrors): void {
  const seen = new Set<string>();
  ports?.forEach(({ protocol = '', port = 0 }, at) => {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) {
      const shown = {
        Name: '',
        Protocol: protocol,
        AppProtocol: null,
        Port: port,
        TargetPort: 0,
        NodePort: 0,
      };
      errors.push(duplicate(specPath.child('ports').index(at), shown));
    }
    seen.add(key);
  });
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** Who may come through a load balancer: a field, or an annotation where there is none. Spaces around a range are fine. */
function checkSourceRanges(
  { metadata, spec = {} }: Service,
  old: Service | undefined,
  errors: FieldErrors,
): void {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[rangesAnnotation];
  const path =
    ranges.length > 0
      ? specPath.child('LoadBalancerSourceRanges')
      : metadataPath.child('annotations').key(rangesAnnotation);
  if (ranges.length === 0 && annotation === undefined) return;
  if (spec.type !== 'LoadBalancer') errors.push(forbiddenField(path, onlyBalanced));
  if (ranges.length > 0) {
    const kept = old?.spec?.loadBalancerSourceRanges?.map((range) => range.trim());
    ranges.forEach((range, at) => {
      checkNetwork(range.trim(), path.index(at), errors, kept);
    });
  } else if (annotation?.trim() && old?.metadata.annotations?.[rangesAnnotation] !== annotation) {
    for (const range of annotation.split(',')) checkNetwork(range.trim(), path, errors);
  }
}

function checkLoadBalancer(spec: ServiceSpec, errors: FieldErrors): void {
  const isBalanced = spec.type === 'LoadBalancer';
  const isAllocationSaid = spec.allocateLoadBalancerNodePorts !== undefined;
  if (isAllocationSaid && !isBalanced) {
    errors.push(forbiddenField(specPath.child('allocateLoadBalancerNodePorts'), onlyBalanced));
  }
  if (isBalanced && !isAllocationSaid) {
    errors.push(required(fieldPath('allocateLoadBalancerNodePorts'), ''));
  }
  checkLoadBalancerClass(spec, errors);
}

function checkLoadBalancerClass(
  { type, loadBalancerClass }: ServiceSpec,
  errors: FieldErrors,
): void {
  if (loadBalancerClass === undefined) return;
  const path = specPath.child('loadBalancerClass');
  if (type === 'LoadBalancer') checkQualifiedName(loadBalancerClass, path, errors);
  else errors.push(forbiddenField(path, onlyBalanced));
}

const ipModes = ['Proxy', 'VIP'];

/** What a load balancer says of itself. */
export function validateServiceStatus(service: Service, old: Service): FieldError[] {
  const errors: FieldErrors = [];
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const path = fieldPath('status', 'loadBalancer', 'ingress');
  if (specOf(service).type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbiddenField(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const kept = old.status?.loadBalancer?.ingress?.map(({ ip }) => ip ?? '');
  ingress.forEach(({ ip, ipMode, hostname }, at) => {
    const entry = path.index(at);
    const modePath = entry.child('ipMode');
    if (!isUnset(ip)) checkIp(ip, entry.child('ip'), errors, kept);
    if (ipMode === undefined) {
      if (!isUnset(ip)) errors.push(required(modePath, 'must be specified when `ip` is set'));
    } else if (isUnset(ip)) {
      errors.push(forbiddenField(modePath, 'may not be specified when `ip` is not set'));
    } else checkOneOf(ipMode, ipModes, modePath, errors);
    if (isUnset(hostname)) return;
    checkDnsSubdomain(hostname, entry.child('hostname'), errors);
    if (ipFamilyOf(hostname) !== undefined) {
      const text = 'must be a DNS name, not an IP address';
      errors.push(invalidValue(entry.child('hostname'), hostname, text));
    }
  });
  return errors;
}
