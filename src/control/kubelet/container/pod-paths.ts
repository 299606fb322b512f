import type { Pod } from '../../api/gen/core-v1.js';

/** Where the kubelet keeps what belongs to pods. All paths are absolute. */
export class PodPaths {
  readonly rootDir: string;
  /** Where pods' logs are. */
  readonly logsDir: string;

  constructor(rootDir: string, logsDir: string) {
    this.rootDir = rootDir;
    this.logsDir = logsDir;
  }

  get pods(): string {
    return `${this.rootDir}/pods`;
  }

  pod(uid: string): string {
    return `${this.pods}/${uid}`;
  }

  /** What the pod was given. */
  allocation(uid: string): string {
    return `${this.pod(uid)}/allocation.json`;
  }

  volumes(uid: string): string {
    return `${this.pod(uid)}/volumes`;
  }

  /** The folder of a volume of a kind, as `empty-dir` or `configmap`. */
  volume(uid: string, kind: string, name: string): string {
    return `${this.volumes(uid)}/kubernetes.io~${kind}/${name}`;
  }

  hostsFile(uid: string): string {
    return `${this.pod(uid)}/etc-hosts`;
  }

  terminationLog(uid: string, container: string, attempt: number): string {
    return `${this.pod(uid)}/containers/${container}/${attempt}`;
  }

  /** As `default_web_6f9c...`. */
  logs({ metadata }: Pod): string {
    const { namespace = '', name = '', uid = '' } = metadata;
    return `${this.logsDir}/${namespace}_${name}_${uid}`;
  }
}
