import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { ContainerRuntime } from '../../control/kubelet/runtime/container-runtime.js';
import {
  ImageStore,
  NodeImages,
  RegistryImages,
  type RegistryMirrors,
} from '../../control/kubelet/runtime/images/index.js';
import { openPodNetwork, ProcessRuntime } from '../../control/kubelet/runtime/process/index.js';
import { imageArchitecture } from '../../host/architecture.js';
import { WebClient } from '../../rpc/index.js';
import type { ParsedFlags } from '../program/flags.js';
import { UsageError } from '../usage-error.js';
import { flotillaVersion } from '../version.js';

/** The bridge that pods hang on where no CNI configuration is. */
const podBridge = 'flotilla0';
/** Of an answer of a container runtime. */
const messageBytesMax = 16 * 1024 * 1024;

/** What runs the containers of a node, as the flags say. Rejects with UsageError or RuntimeError. */
export async function openRuntime(
  flags: ParsedFlags,
  { clock, prng, logger }: { readonly clock: Clock; readonly prng: Prng; readonly logger: Logger },
): Promise<ContainerRuntime> {
  const name = flags.text('runtime');
  if (name === 'cri') return openCriRuntime(flags, clock);
  if (name !== 'process') {
    throw new UsageError(`--runtime=${name} is not there: give process, cri or simulated`);
  }
  const missing = flags.text('process-missing-images');
  if (missing !== 'pull' && missing !== 'host') {
    throw new UsageError(
      `--process-missing-images: ${JSON.stringify(missing)} is neither pull nor host`,
    );
  }
  const program = process.argv[1] ?? '';
  const root = resolve(flags.text('process-runtime-dir'));
  const cniConfDir = flags.text('cni-conf-dir');
  const cniBinDirs = flags.list('cni-bin-dir');
  return ProcessRuntime.open(
    {
      root,
      ...{ clock, logger, version: flotillaVersion },
      newId: () => prng.uint64().toString(16).padStart(16, '0'),
      logKeeperCommand: [process.execPath, program, 'container-logs'],
      isolation: flags.isTrue('process-isolation') ? 'when-possible' : 'never',
    },
    {
      images: await nodeImages(flags, { root, missing, clock }),
      network: openPodNetwork({
        root,
        cniConfDir,
        cniBinDirs,
        bridge: podBridge,
        flatNetworks: flags.list('non-masquerade-cidr'),
      }),
    },
  );
}

async function nodeImages(
  flags: ParsedFlags,
  parts: { readonly root: string; readonly missing: 'pull' | 'host'; readonly clock: Clock },
): Promise<NodeImages> {
  const { clock, missing, root } = parts;
  const architecture = imageArchitecture();
  const store = new ImageStore(join(root, 'images'), architecture);
  const registries = new RegistryImages({
    ...{ store, clock, architecture },
    web: new WebClient({ clock }),
    mirrors: registryMirrors(flags),
    ca: await registryAuthorities(flags),
    userAgent: `flotilla/${flotillaVersion}`,
  });
  return new NodeImages({ store, registries, missing });
}

/** `docker.io=https://mirror.example.com`, several of one registry in order. */
function registryMirrors(flags: ParsedFlags): RegistryMirrors {
  const mirrors: Record<string, string[]> = {};
  for (const text of flags.list('registry-mirrors')) {
    const at = text.indexOf('=');
    const url = text.slice(at + 1);
    if (at < 1 || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new UsageError(`--registry-mirrors: ${JSON.stringify(text)} is not REGISTRY=URL`);
    }
    const registry = text.slice(0, at);
    mirrors[registry] = [...(mirrors[registry] ?? []), url];
  }
  return mirrors;
}

async function registryAuthorities(flags: ParsedFlags): Promise<string | null> {
  const path = flags.text('registry-ca-file');
  if (path === '') return null;
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`--registry-ca-file: ${error.message}`);
  });
}

async function openCriRuntime(flags: ParsedFlags, clock: Clock): Promise<ContainerRuntime> {
  // Both are loaded by those alone who use them.
  const [{ CriRuntime }, { createGrpcJsChannel }] = await Promise.all([
    import('../../control/kubelet/runtime/cri/index.js'),
    import('../../rpc/grpc-js/index.js'),
  ]);
  const open = (endpoint: string) =>
    createGrpcJsChannel(endpoint, { clock, receiveBytesMax: messageBytesMax });
  const runtime = open(socketOf(flags, 'container-runtime-endpoint'));
  const hasOwn = flags.text('image-service-endpoint') !== '';
  const images = hasOwn ? open(socketOf(flags, 'image-service-endpoint')) : runtime;
  return new CriRuntime({ clock, runtime, images });
}

/** `unix:///run/containerd/containerd.sock` or the path alone. */
function socketOf(flags: ParsedFlags, name: string): string {
  const text = flags.text(name);
  const path = text.replace(/^unix:(\/\/)?/, '');
  if (path.startsWith('/')) return `unix://${path}`;
  throw new UsageError(`--${name}: ${JSON.stringify(text)} is no unix:///PATH`);
}
