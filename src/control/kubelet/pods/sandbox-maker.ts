import { cgroupFiles } from '../../../host/cgroup-files.js';
import type { NodeFiles } from '../../../host/node-files.js';
import { qosClassOf } from '../../api/core-v1/pod/qos.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { parseResolvConf, podDns } from '../container/dns-config.js';
import { hostsFile } from '../container/hosts-file.js';
import type { PodPaths } from '../container/pod-paths.js';
import { sandboxConfig } from '../container/sandbox-config.js';
import type { SandboxConfig } from '../runtime/container-runtime.js';
import type { KubeletSettings } from '../settings.js';

/** What of the settings concerns sandboxes. */
export type SandboxSettings = Pick<
  KubeletSettings,
  'clusterDns' | 'clusterDomain' | 'resolvConf' | 'cgroupRoot' | 'areCgroupsPerPod' | 'nodeName'
>;

const qosClasses = ['Guaranteed', 'Burstable', 'BestEffort'] as const;

/** Says how pods' sandboxes are to be, with what the node's files say about names. */
export class SandboxMaker {
  readonly #settings: SandboxSettings;
  readonly #files: NodeFiles;
  readonly #paths: PodPaths;

  constructor(settings: SandboxSettings, files: NodeFiles, paths: PodPaths) {
    this.#settings = settings;
    this.#files = files;
    this.#paths = paths;
  }

  async configOf(pod: Pod, attempt: number): Promise<SandboxConfig> {
    const { resolvConf, clusterDomain, nodeName } = this.#settings;
    const text = resolvConf === '' ? '' : ((await this.#files.readText(resolvConf)) ?? '');
    return sandboxConfig(pod, {
      ...{ attempt, clusterDomain, nodeName },
      dns: podDns(pod, parseResolvConf(text), this.#settings),
      logDirectory: this.#paths.logs(pod),
      cgroupParent: this.#cgroupOf(pod),
      runtimeHandler: '',
    });
  }

  async hostsOf(pod: Pod, ips: readonly string[]): Promise<string> {
    const { clusterDomain } = this.#settings;
    const isOfHost = pod.spec?.hostNetwork === true;
    const ofNode = isOfHost ? ((await this.#files.readText('/etc/hosts')) ?? '') : '';
    return hostsFile(pod, ips, { clusterDomain, ofNode });
  }

  /** The group of the kernel that a pod's containers are in; '' where pods have none of their own. */
  #cgroupOf({ metadata, spec = {} }: Pod): string {
    const { areCgroupsPerPod } = this.#settings;
    return areCgroupsPerPod ? this.#group(qosClassOf(spec), metadata.uid ?? '') : '';
  }

  /** Removes the groups of a pod, of which no more is known than its uid; what is not empty stays. */
  async removeGroups(uid: string): Promise<void> {
    if (!this.#settings.areCgroupsPerPod) return;
    for (const qos of qosClasses) await cgroupFiles.removeEmpty(this.#group(qos, uid));
  }

  #group(qos: (typeof qosClasses)[number], uid: string): string {
    const { cgroupRoot } = this.#settings;
    const root = cgroupRoot === '/' ? '' : cgroupRoot;
    const group = qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`;
    return `${root}/kubepods${group}/pod${uid}`;
  }
}
