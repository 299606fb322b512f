import type { FieldError } from '../../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../../machinery/field-path.js';

/** How strict a policy is, in order. */
export const levels = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof levels)[number];

/** The minor version 1.x whose rules hold; `latest` is whatever is newest here. */
export type PolicyVersion = number | 'latest';

/** A level as some version of Kubernetes defined it. */
export interface LevelVersion {
  readonly level: Level;
  readonly version: PolicyVersion;
}

/** What a namespace asks for. */
export interface PodSecurityPolicy {
  /** Pods that violate this are refused. */
  readonly enforce: LevelVersion;
  /** Violations are noted in the audit log. */
  readonly audit: LevelVersion;
  /** Violations are told to the client. */
  readonly warn: LevelVersion;
}

/** `restricted:v1.30`. */
export function levelVersionText({ level, version }: LevelVersion): string {
  return `${level}:${version === 'latest' ? version : `v1.${version}`}`;
}

/** Negative when `a` is less strict than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

export function sameLevelVersion(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.version === b.version;
}

/** Undefined when there is no such level. */
export function parseLevel(text: string): Level | undefined {
  return levels.find((level) => level === text);
}

/** Undefined when the text is no version. */
export function parseVersion(text: string): PolicyVersion | undefined {
  if (text === 'latest') return 'latest';
  const match = /^v1\.(0|[1-9]\d{0,5})$/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

const prefix = 'pod-security.kubernetes.io/';

/** The policy that the labels of a namespace ask for, and what is wrong with them. What is wrong counts as the strictest. */
export function policyOf(
  labels: Readonly<Record<string, string>> | undefined,
  defaults: PodSecurityPolicy,
): { readonly policy: PodSecurityPolicy; readonly problems: readonly FieldError[] } {
  const problems: FieldError[] = [];
  const labelled = (
    mode: 'enforce' | 'audit' | 'warn',
    brokenLevel: Level,
  ): { value: LevelVersion; hasLevel: boolean; isLevelGood: boolean; hasVersion: boolean } => {
    let { level, version } = defaults[mode];
    const levelText = labels?.[prefix + mode];
    const versionText = labels?.[`${prefix}${mode}-version`];
    let isLevelGood = false;
    if (levelText !== undefined) {
      const parsed = parseLevel(levelText);
      isLevelGood = parsed !== undefined;
      level = parsed ?? brokenLevel;
      if (!isLevelGood)
        problems.push(problem(prefix + mode, levelText, `must be one of ${levels.join(', ')}`));
    }
    if (versionText !== undefined) {
      const parsed = parseVersion(versionText);
      version = parsed ?? 'latest';
      if (parsed === undefined) {
        problems.push(
          problem(`${prefix}${mode}-version`, versionText, 'must be "latest" or "v1.x"'),
        );
      }
    }
    return {
      value: { level, version },
      hasLevel: levelText !== undefined,
      isLevelGood,
      hasVersion: versionText !== undefined,
    };
  };
  const enforce = labelled('enforce', 'restricted');
  const audit = labelled('audit', 'privileged');
  const warn = labelled('warn', 'privileged');
  // Who enforces more than is warned of is warned of it too: of the controllers whose pods will be refused.
  const warnsAsEnforced =
    !warn.hasLevel &&
    enforce.isLevelGood &&
    compareLevels(enforce.value.level, warn.value.level) > 0;
  const warnValue = !warnsAsEnforced
    ? warn.value
    : warn.hasVersion
      ? { ...warn.value, level: enforce.value.level }
      : enforce.value;
  return {
    policy: { enforce: enforce.value, audit: audit.value, warn: warnValue },
    problems,
  };
}

function problem(label: string, value: string, text: string): FieldError {
  return invalidValue(fieldPath('metadata', 'labels').key(label), value, text);
}
