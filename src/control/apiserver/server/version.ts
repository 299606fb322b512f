import type { JsonObject } from '../../machinery/json.js';

/** The version of the Kubernetes API that is served. */
export const kubernetesVersion = { major: '1', minor: '36', patch: '0' } as const;

/** What `GET /version` answers (k8s.io/apimachinery/pkg/version.Info). kubectl compares major and minor with its own. */
export function versionDocument(build: {
  /** Of this program, as `0.1.0`. */
  readonly version: string;
  readonly nodeVersion: string;
  /** As `linux/amd64`. */
  readonly platform: string;
}): JsonObject {
  const { major, minor } = kubernetesVersion;
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: minor,
    gitVersion: kubernetesGitVersion(build.version),
    // Git's name for no commit: the build knows of none, and clients want digits.
    gitCommit: '0'.repeat(40),
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: `node-${build.nodeVersion}`,
    platform: build.platform,
  };
}

/** `v1.36.0+flotilla.0.1.0`: the version of the API, then that of this program. */
export function kubernetesGitVersion(version: string): string {
  const { major, minor, patch } = kubernetesVersion;
  return `v${major}.${minor}.${patch}+flotilla.${version}`;
}
