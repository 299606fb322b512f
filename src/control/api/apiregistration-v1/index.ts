import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, notSupported, required } from '../../machinery/field-path.js';
import { dns1035LabelProblems, portNumberProblems } from '../../machinery/names.js';
import { quote } from '../../machinery/quote.js';
import { formatTime } from '../../machinery/time.js';
import {
  addProblems,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { APIService, APIServiceSpec } from '../gen/apiregistration-v1.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition } from '../kind-definition.js';

const specPath = fieldPath('spec');
const statuses = ['True', 'False', 'Unknown'];
const groupPriorityMax = 20_000;
const versionPriorityMax = 1000;

function validate({ metadata: { name = '' }, spec = {} }: APIService): FieldError[] {
  const errors: FieldErrors = [];
  const { group = '', version = '' } = spec;
  const expected = `${version}.${group}`;
  if (name !== expected) {
    const text = `must be \`spec.version+"."+spec.group\`: ${quote(expected)}`;
    errors.push(invalidValue(fieldPath('metadata', 'name'), name, text));
  }
  const groupPath = specPath.child('group');
  if (group === '' && version !== 'v1') {
    const text = 'only v1 may have an empty group and it better be legacy kube';
    errors.push(required(groupPath, text));
  }
  if (group !== '') checkDnsSubdomain(group, groupPath, errors);
  addProblems(dns1035LabelProblems(version), specPath.child('version'), version, errors);
  checkPriority(spec, 'groupPriorityMinimum', groupPriorityMax, errors);
  checkPriority(spec, 'versionPriority', versionPriorityMax, errors);
  if (spec.service) checkRemote(spec, errors);
  else checkLocal(spec, errors);
  return errors;
}

function checkPriority(
  spec: APIServiceSpec,
  name: 'groupPriorityMinimum' | 'versionPriority',
  max: number,
  errors: FieldErrors,
): void {
  const priority = spec[name] ?? 0;
  if (priority > 0 && priority <= max) return;
  const text = `must be positive and less than ${max}`;
  errors.push(invalidValue(specPath.child(name), priority, text));
}

/** What this server serves itself is not asked for over a connection. */
function checkLocal(
  { caBundle, insecureSkipTLSVerify }: APIServiceSpec,
  errors: FieldErrors,
): void {
  if (!isUnset(caBundle)) {
    const shown = `${Buffer.from(caBundle, 'base64').length} bytes`;
    const text = 'local APIServices may not have a caBundle';
    errors.push(invalidValue(specPath.child('caBundle'), shown, text));
  }
  if (!insecureSkipTLSVerify) return;
  const text = 'local APIServices may not have insecureSkipTLSVerify';
  errors.push(invalidValue(specPath.child('insecureSkipTLSVerify'), true, text));
}

function checkRemote(
  { service = {}, caBundle, insecureSkipTLSVerify }: APIServiceSpec,
  errors: FieldErrors,
): void {
  const path = specPath.child('service');
  for (const name of ['namespace', 'name'] as const) {
    if (isUnset(service[name])) errors.push(required(path.child(name), ''));
  }
  const port = service.port ?? 0;
  const problems = portNumberProblems(port);
  if (problems.length > 0) {
    const text = `port is not valid: ${problems.join(', ')}`;
    errors.push(invalidValue(path.child('port'), port, text));
  }
  if (!insecureSkipTLSVerify || isUnset(caBundle)) return;
  const text = 'may not be true if caBundle is present';
  errors.push(invalidValue(specPath.child('insecureSkipTLSVerify'), true, text));
}

function validateStatus({ status }: APIService): FieldError[] {
  const path = fieldPath('status', 'conditions');
  return (status?.conditions ?? []).flatMap(({ status: value = '' }, at) =>
    statuses.includes(value) ? [] : [notSupported(path.index(at).child('status'), value, statuses)],
  );
}

function availableCell({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  const { status: value = 'Unknown', reason } = condition ?? {};
  return value === 'True' || isUnset(reason) ? value : `${value} (${reason})`;
}

/** The rules of the kinds of apiregistration.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  kindsOf('apiregistration.k8s.io', 'v1')<APIService>('APIService', {
    nameRule: 'path-segment',
    allowsUnconditionalUpdate: false,
    countsGeneration: false,
    setDefaults: ({ spec }) => {
      if (spec?.service) spec.service.port ??= 443;
    },
    prepareForCreate: (service, { nowMs }) => {
      if (service.spec?.service) return;
      const condition = {
        type: 'Available',
        status: 'True',
        lastTransitionTime: formatTime(nowMs),
        reason: 'Local',
        message: 'Local APIServices are always available',
      };
      service.status = { conditions: [condition] };
    },
    validateCreate: validate,
    validateUpdate: validate,
    validateStatusUpdate: validateStatus,
    table: {
      columns: [
        nameColumn,
        column('Service', 'Who serves the version.'),
        column('Available', 'Whether it is served.'),
        ageColumn,
      ],
      cells: (service, nowMs) => {
        const { metadata, spec } = service;
        const { namespace = '', name = '' } = spec?.service ?? {};
        return [
          metadata.name ?? '',
          spec?.service ? `${namespace}/${name}` : 'Local',
          availableCell(service),
          ageOf(metadata.creationTimestamp, nowMs),
        ];
      },
    },
  }),
];
