import type { TopologySpreadConstraint } from '../../../api/gen/core-v1.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/field-path.js';
import { validateLabelKey } from '../../../machinery/labels.js';
import { fieldsOf, integerOf, listOf, refuseProblems, textOf } from '../plugin-arguments.js';

/** PodTopologySpreadArgs. */
export interface SpreadArgs {
  /** For pods without constraints of their own. */
  readonly defaultConstraints: readonly TopologySpreadConstraint[];
  /** The defaults are Kubernetes' own: nodes that lack one of the labels count too. */
  readonly isSystemDefaulted: boolean;
}

const hostnameLabel = 'kubernetes.io/hostname';
const systemConstraints: readonly TopologySpreadConstraint[] = [
  { topologyKey: hostnameLabel, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

/** Reads and checks PodTopologySpreadArgs. Throws ConfigurationError. */
export function spreadArgs(args: unknown): SpreadArgs {
  const fields = fieldsOf(args, ['defaultConstraints', 'defaultingType']);
  const list = listOf(fields, 'defaultConstraints') ?? [];
  const type = textOf(fields, 'defaultingType', 'System');
  const constraints = list.map((item) => constraintOf(item));
  const path = fieldPath('defaultConstraints');
  refuseProblems([
    ...typeProblems(type, constraints.length),
    ...constraints.flatMap((each, at) => constraintProblems(each, path.index(at))),
    ...constraints.flatMap((each, at) =>
      repetition(each, constraints.slice(0, at), path.index(at)),
    ),
  ]);
  return type === 'System'
    ? { defaultConstraints: systemConstraints, isSystemDefaulted: true }
    : { defaultConstraints: constraints, isSystemDefaulted: false };
}

function constraintOf(item: unknown): TopologySpreadConstraint {
  const known = [
    ...['maxSkew', 'topologyKey', 'whenUnsatisfiable', 'labelSelector', 'minDomains'],
    ...['nodeAffinityPolicy', 'nodeTaintsPolicy', 'matchLabelKeys'],
  ];
  const fields = fieldsOf(item, known, 'defaultConstraints');
  return {
    ...(fields as TopologySpreadConstraint),
    maxSkew: integerOf(fields, 'maxSkew', 0),
    topologyKey: textOf(fields, 'topologyKey', ''),
    whenUnsatisfiable: textOf(fields, 'whenUnsatisfiable', ''),
  };
}

function typeProblems(type: string, constraintCount: number): FieldError[] {
  const path = fieldPath('defaultingType');
  if (type !== 'System' && type !== 'List') return [notSupported(path, type, ['System', 'List'])];
  return type === 'System' && constraintCount > 0
    ? [invalidValue(path, type, 'when .defaultConstraints are not empty')]
    : [];
}

function constraintProblems(constraint: TopologySpreadConstraint, path: FieldPath): FieldError[] {
  const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '', labelSelector } = constraint;
  const problems: FieldError[] = [];
  if (maxSkew <= 0) {
    problems.push(invalidValue(path.child('maxSkew'), maxSkew, 'not in valid range (0, inf)'));
  }
  const key = path.child('topologyKey');
  if (topologyKey === '') problems.push(required(key, 'can not be empty'));
  else problems.push(...validateLabelKey(topologyKey, key));
  const action = path.child('whenUnsatisfiable');
  const actions = ['DoNotSchedule', 'ScheduleAnyway'];
  if (whenUnsatisfiable === '') problems.push(required(action, 'can not be empty'));
  else if (!actions.includes(whenUnsatisfiable))
    problems.push(notSupported(action, whenUnsatisfiable, actions));
  if (labelSelector !== undefined) {
    const text = 'constraint must not define a selector, as they deduced for each pod';
    problems.push(forbiddenField(path.child('labelSelector'), text));
  }
  return problems;
}

function repetition(
  { topologyKey, whenUnsatisfiable }: TopologySpreadConstraint,
  earlier: readonly TopologySpreadConstraint[],
  path: FieldPath,
): FieldError[] {
  const isRepeated = earlier.some(
    (other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable,
  );
  return isRepeated ? [duplicate(path, `{${topologyKey}, ${whenUnsatisfiable}}`)] : [];
}
