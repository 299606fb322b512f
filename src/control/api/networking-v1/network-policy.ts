import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { cidrContains, parseCidr } from '../../machinery/ip-address.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import { portNumberProblems } from '../../machinery/names.js';
import { selectorCell } from '../apps-v1/selector-cell.js';
import {
  addProblems,
  checkPortOrName,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import { checkNetwork, networkWarnings } from '../core-v1/ip-rules.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../gen/networking-v1.js';
import { networkingKind } from './networking-kind.js';

const specPath = fieldPath('spec');
const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

/** The rules of both directions, with the field that names who is at the other end. */
function rulesOf(spec: NetworkPolicySpec | undefined): readonly {
  readonly ports: readonly NetworkPolicyPort[];
  readonly peers: readonly NetworkPolicyPeer[];
  readonly path: FieldPath;
  readonly peersPath: FieldPath;
}[] {
  const ingressPath = specPath.child('ingress');
  const egressPath = specPath.child('egress');
  return [
    ...(spec?.ingress ?? []).map(({ ports = [], from: peers = [] }, at) => {
      const path = ingressPath.index(at);
      return { ports, peers, path, peersPath: path.child('from') };
    }),
    ...(spec?.egress ?? []).map(({ ports = [], to: peers = [] }, at) => {
      const path = egressPath.index(at);
      return { ports, peers, path, peersPath: path.child('to') };
    }),
  ];
}

function setDefaults({ spec }: NetworkPolicy): void {
  if (spec === undefined) return;
  for (const { ports } of rulesOf(spec)) for (const port of ports) port.protocol ??= 'TCP';
  if (spec.policyTypes?.length) return;
  spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}

function networksOf(spec: NetworkPolicySpec | undefined): string[] {
  return rulesOf(spec)
    .flatMap(({ peers }) => peers)
    .flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr ?? '', ...(ipBlock.except ?? [])] : []));
}

function validate({ spec = {} }: NetworkPolicy, old: NetworkPolicy | undefined): FieldError[] {
  const errors: FieldErrors = [];
  const kept = networksOf(old?.spec);
  errors.push(...validateLabelSelector(spec.podSelector, specPath.child('podSelector')));
  for (const { ports, peers, path, peersPath } of rulesOf(spec)) {
    ports.forEach((port, at) => {
      checkPort(port, path.child('ports').index(at), errors);
    });
    peers.forEach((peer, at) => {
      checkPeer(peer, kept, peersPath.index(at), errors);
    });
  }
  checkPolicyTypes(spec.policyTypes ?? [], specPath.child('policyTypes'), errors);
  return errors;
}

function checkPolicyTypes(types: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (types.length > policyTypes.length) {
    errors.push(invalidValue(path, types, 'may not specify more than two policyTypes'));
    return;
  }
  types.forEach((type, at) => {
    if (!policyTypes.includes(type)) errors.push(notSupported(path.index(at), type, policyTypes));
  });
}

function checkPort(
  { protocol, port, endPort }: NetworkPolicyPort,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupported(path.child('protocol'), protocol, protocols));
  }
  const endPath = path.child('endPort');
  if (port === undefined) {
    if (endPort === undefined) return;
    const text = 'may not be specified when `port` is not specified';
    errors.push(invalidValue(endPath, endPort, text));
    return;
  }
  if (typeof port === 'string' && endPort !== undefined) {
    const text = 'may not be specified when `port` is non-numeric';
    errors.push(invalidValue(endPath, endPort, text));
  }
  checkPortOrName(port, path.child('port'), errors);
  if (typeof port === 'string' || endPort === undefined) return;
  if (endPort < port) {
    errors.push(invalidValue(endPath, endPort, 'must be greater than or equal to `port`'));
  }
  addProblems(portNumberProblems(endPort), endPath, endPort, errors);
}

function checkPeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  kept: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (podSelector) errors.push(...validateLabelSelector(podSelector, path.child('podSelector')));
  if (namespaceSelector) {
    errors.push(...validateLabelSelector(namespaceSelector, path.child('namespaceSelector')));
  }
  if (ipBlock) checkBlock(ipBlock, kept, path.child('ipBlock'), errors);
  if (!podSelector && !namespaceSelector && !ipBlock) {
    errors.push(required(path, 'must specify a peer'));
  } else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbiddenField(path, 'may not specify both ipBlock and another peer'));
  }
}

function checkBlock(
  { cidr, except }: IPBlock,
  kept: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const cidrPath = path.child('cidr');
  if (isUnset(cidr)) {
    errors.push(required(cidrPath, ''));
    return;
  }
  checkNetwork(cidr, cidrPath, errors, kept);
  const block = parseCidr(cidr);
  if (block === null) return;
  except?.forEach((text, at) => {
    const exceptPath = path.child('except').index(at);
    checkNetwork(text, exceptPath, errors, kept);
    const part = parseCidr(text);
    if (part === null) return;
    const isInside = cidrContains(block, part.address) && block.prefixLength < part.prefixLength;
    if (!isInside) {
      errors.push(invalidValue(exceptPath, text, 'must be a strict subset of `cidr`'));
    }
  });
}

function warnings({ spec }: NetworkPolicy): string[] {
  return rulesOf(spec).flatMap(({ peers, peersPath }) =>
    peers.flatMap(({ ipBlock }, at) => {
      if (!ipBlock) return [];
      const path = peersPath.index(at).child('ipBlock');
      return [
        ...networkWarnings(ipBlock.cidr ?? '', path.child('cidr')),
        ...(ipBlock.except ?? []).flatMap((text, exceptAt) =>
          networkWarnings(text, path.child('except').index(exceptAt)),
        ),
      ];
    }),
  );
}

/** The rules of NetworkPolicies. */
export const networkPolicyKind = networkingKind<NetworkPolicy>('NetworkPolicy', {
  countsGeneration: true,
  setDefaults,
  validateCreate: (policy) => validate(policy, undefined),
  validateUpdate: validate,
  warnings,
  table: {
    columns: [nameColumn, column('Pod-Selector', 'The labels of the pods.'), ageColumn],
    cells: ({ metadata, spec }, nowMs) => [
      metadata.name ?? '',
      selectorCell(spec?.podSelector),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
