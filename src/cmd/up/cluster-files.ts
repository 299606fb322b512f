import { generateKeyPairSync } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { readTextFile } from '../../host/text-file.js';
import { ClusterCertificates } from '../credentials/cluster-certificates.js';
import { kubeconfigText } from '../credentials/kubeconfig.js';
import { writePrivate } from '../credentials/write-private.js';
import { certificateRows, kubeletClientCertificate } from './certificate-rows.js';
import { type ClusterNetwork, gatewayAddress } from './cluster-network.js';
import type { PlannedNode } from './nodes/planned-node.js';

/** What the credentials of a cluster are made for. */
export interface ClusterFilesOptions {
  /** Of the whole cluster. */
  readonly dir: string;
  readonly network: ClusterNetwork;
  readonly apiPort: number;
  readonly nodes: readonly PlannedNode[];
  /** Nodes reach the API server at the machine's address among them, else on the loopback. */
  readonly areNodesApart: boolean;
  readonly clock: Clock;
}

/** Programs with a kubeconfig of their own, each named like its certificate. */
const machinePrograms = ['controller-manager', 'scheduler', 'dns', 'metrics-server'] as const;

/** The files by which the programs of a cluster know each other, in `control` of its folder; nobody but their owner reads them. */
export class ClusterFiles {
  readonly #options: ClusterFilesOptions;
  readonly #folder: string;
  readonly certificates: ClusterCertificates;

  constructor(options: ClusterFilesOptions) {
    this.#options = options;
    this.#folder = join(options.dir, 'control');
    this.certificates = new ClusterCertificates(join(this.#folder, 'certificates'), options.clock);
  }

  /** Signs the tokens of service accounts. */
  get signingKeyFile(): string {
    return join(this.#folder, 'service-account.key');
  }

  /** The administrator's; not there before {@link writeAdminKubeconfig}. */
  get adminKubeconfig(): string {
    return join(this.#options.dir, 'admin.kubeconfig');
  }

  /** For `up` itself and for programs that act as an administrator. */
  get ownKubeconfig(): string {
    return this.kubeconfig('admin');
  }

  kubeconfig(name: string): string {
    return join(this.#folder, `${name}.kubeconfig`);
  }

  /** Where programs of this machine reach the API server. */
  get url(): string {
    return `https://127.0.0.1:${this.#options.apiPort}`;
  }

  /** Makes what is missing or nearly over, and resolves with the names of certificates that were made. */
  async renew(): Promise<readonly string[]> {
    const { network, nodes } = this.#options;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const made = await this.certificates.renew(certificateRows(network, nodes));
    await this.#ensureSigningKey();
    for (const name of ['admin', ...machinePrograms]) await this.#writeKubeconfig(name, this.url);
    for (const node of nodes) {
      await this.#writeKubeconfig(kubeletClientCertificate(node), this.#nodesUrl);
    }
    await this.#writeKubeconfig('proxy', this.#nodesUrl);
    return made;
  }

  /** Tells the administrator how to reach a cluster that is ready. */
  async writeAdminKubeconfig(): Promise<void> {
    await writePrivate(this.adminKubeconfig, await this.#kubeconfigText('admin', this.url));
  }

  /** Until the cluster is ready there is none: who waits for the file finds a cluster behind it. */
  async removeAdminKubeconfig(): Promise<void> {
    await rm(this.adminKubeconfig, { force: true });
  }

  /** PEM of the cluster's authority. */
  async authority(): Promise<string> {
    return (await this.certificates.read('ca')).cert;
  }

  get #nodesUrl(): string {
    const { network, apiPort, areNodesApart } = this.#options;
    return areNodesApart ? `https://${gatewayAddress(network)}:${apiPort}` : this.url;
  }

  async #writeKubeconfig(name: string, url: string): Promise<void> {
    await writePrivate(this.kubeconfig(name), await this.#kubeconfigText(name, url));
  }

  async #kubeconfigText(name: string, url: string): Promise<string> {
    return kubeconfigText({
      ...{ url, name: 'flotilla', user: `flotilla-${name}` },
      certificateAuthority: await this.authority(),
      credentials: await this.certificates.read(name),
    });
  }

  async #ensureSigningKey(): Promise<void> {
    try {
      await readTextFile(this.signingKeyFile);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      await writePrivate(this.signingKeyFile, key);
    }
  }
}
