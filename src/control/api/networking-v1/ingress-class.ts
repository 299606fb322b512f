import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  notSupported,
  required,
  tooLong,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { utf8Length } from '../../machinery/quote.js';
import { checkDnsLabel, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import { checkDomainPrefixedPath } from '../domain-prefixed-path.js';
import type { IngressClass, IngressClassParametersReference } from '../gen/networking-v1.js';
import { checkKindReference } from './ingress-backend.js';
import { networkingKind } from './networking-kind.js';

const specPath = fieldPath('spec');
const controllerPath = specPath.child('controller');
const controllerMax = 250;
const scopes = ['Cluster', 'Namespace'];

function validate({ spec = {} }: IngressClass): FieldError[] {
  const errors: FieldErrors = [];
  const { controller = '', parameters } = spec;
  if (utf8Length(controller) > controllerMax) {
    errors.push(tooLong(controllerPath, controller, controllerMax));
  }
  checkDomainPrefixedPath(controller, controllerPath, errors);
  if (parameters) checkParameters(parameters, specPath.child('parameters'), errors);
  return errors;
}

function checkParameters(
  parameters: IngressClassParametersReference,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkKindReference(parameters, path, errors);
  const { scope, namespace } = parameters;
  const namespacePath = path.child('namespace');
  if (scope === undefined) {
    errors.push(required(path.child('scope'), ''));
  } else if (!scopes.includes(scope)) {
    errors.push(notSupported(path.child('scope'), scope, scopes));
  } else if (scope === 'Cluster') {
    if (namespace === undefined) return;
    errors.push(forbiddenField(namespacePath, "`parameters.scope` is set to 'Cluster'"));
  } else if (namespace === undefined) {
    errors.push(required(namespacePath, "`parameters.scope` is set to 'Namespace'"));
  } else {
    checkDnsLabel(namespace, namespacePath, errors);
  }
}

/** `Kind.group/name` of the object with the parameters. */
function parametersCell(parameters: IngressClassParametersReference | undefined): string {
  if (!parameters) return '<none>';
  const { apiGroup, kind = '', name = '' } = parameters;
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
}

/** The rules of IngressClasses. */
export const ingressClassKind = networkingKind<IngressClass>('IngressClass', {
  countsGeneration: true,
  setDefaults: ({ spec }) => {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
  },
  validateCreate: validate,
  validateUpdate: (ingressClass, old) => [
    ...validateImmutable(
      ingressClass.spec?.controller ?? '',
      old.spec?.controller ?? '',
      controllerPath,
    ),
    ...validate(ingressClass),
  ],
  table: {
    columns: [
      nameColumn,
      column('Controller', 'Who serves Ingresses of this class.'),
      column('Parameters', 'The object with what the controller is to know.'),
      ageColumn,
    ],
    cells: ({ metadata, spec }, nowMs) => [
      metadata.name ?? '',
      spec?.controller ?? '',
      parametersCell(spec?.parameters),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
