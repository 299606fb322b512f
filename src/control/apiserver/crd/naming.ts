import { setCondition } from '../../api/apiextensions-v1/conditions.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
} from '../../api/gen/apiextensions-v1.js';
import { cloneJson } from '../../machinery/clone.js';

/** Names that one definition has got. */
interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/**
 * The definition with the names that it gets beside the others of its group, and with what follows from that: names are accepted, and
 * then it is established. Names that it got before stay its own.
 */
export function withAcceptedNames(
  definition: CustomResourceDefinition,
  others: Iterable<CustomResourceDefinition>,
  nowMs: number,
): CustomResourceDefinition {
  const named = cloneJson(definition);
  const wanted = named.spec?.names ?? {};
  const taken = takenNames(named, others);
  const problems: Problem[] = [];
  const accepted: CustomResourceDefinitionNames = cloneJson(named.status?.acceptedNames ?? {});
  const settle = (name: 'plural' | 'singular' | 'kind' | 'listKind', reason: string) => {
    const value = wanted[name] ?? '';
    const isKind = name === 'kind' || name === 'listKind';
    if ((isKind ? taken.kinds : taken.resources).has(value) && value !== '')
      problems.push({ reason, message: `${JSON.stringify(value)} is already in use` });
    else accepted[name] = value;
  };
  settle('plural', 'PluralConflict');
  settle('singular', 'SingularConflict');
  const short = (wanted.shortNames ?? []).filter((name) => taken.resources.has(name));
  if (short.length === 0) accepted.shortNames = wanted.shortNames ?? [];
  else {
    const texts = short.map((name) => `${JSON.stringify(name)} is already in use`);
    const message = texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
    problems.push({ reason: 'ShortNamesConflict', message });
  }
  settle('kind', 'KindConflict');
  settle('listKind', 'ListKindConflict');
  accepted.categories = wanted.categories ?? [];
  named.status = { ...named.status, acceptedNames: tidy(accepted) };
  noteNames(named, problems, nowMs);
  return named;
}

interface Problem {
  readonly reason: string;
  readonly message: string;
}

function noteNames(
  definition: CustomResourceDefinition,
  problems: readonly Problem[],
  nowMs: number,
): void {
  const last = problems.at(-1);
  if (last !== undefined) {
    setCondition(definition, { type: 'NamesAccepted', status: 'False', ...last }, nowMs);
    const established = definition.status?.conditions?.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    );
    if (established !== true)
      setCondition(
        definition,
        {
          type: 'Established',
          status: 'False',
          reason: 'NotAccepted',
          message: 'not all names are accepted',
        },
        nowMs,
      );
    return;
  }
  setCondition(
    definition,
    {
      type: 'NamesAccepted',
      status: 'True',
      reason: 'NoConflicts',
      message: 'no conflicts found',
    },
    nowMs,
  );
  setCondition(
    definition,
    {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    },
    nowMs,
  );
}

function takenNames(
  definition: CustomResourceDefinition,
  others: Iterable<CustomResourceDefinition>,
): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (other.spec?.group !== definition.spec?.group) continue;
    if (other.metadata.name === definition.metadata.name) continue;
    const names = other.status?.acceptedNames ?? {};
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])])
      if (name !== undefined && name !== '') resources.add(name);
    for (const name of [names.kind, names.listKind])
      if (name !== undefined && name !== '') kinds.add(name);
  }
  return { resources, kinds };
}

function tidy(names: CustomResourceDefinitionNames): CustomResourceDefinitionNames {
  const { shortNames = [], categories = [], ...rest } = names;
  return {
    ...rest,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}
