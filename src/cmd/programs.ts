/** A module that is a program: what `flotilla NAME` runs. */
export interface Program {
  /** `argv` begins after the program's name. */
  main(argv: readonly string[]): Promise<void>;
}

/**
 * The programs that start without any of the others. Each module is the entry of a bundle of its own too
 * (docs/decisions/0021-bundles.md).
 */
export const programs: ReadonlyMap<string, () => Promise<Program>> = new Map<
  string,
  () => Promise<Program>
>([
  ['store', () => import('./store.js')],
  ['apiserver', () => import('./apiserver.js')],
  ['controller-manager', () => import('./controller-manager.js')],
  ['scheduler', () => import('./scheduler.js')],
  ['kubelet', () => import('./kubelet.js')],
  ['proxy', () => import('./proxy.js')],
  ['dns', () => import('./dns.js')],
  ['metrics-server', () => import('./metrics-server.js')],
  ['front', () => import('./front.js')],
  ['container-logs', () => import('./container-logs.js')],
  ['end-pods', () => import('./end-pods.js')],
  ['image', () => import('./image.js')],
  ['testenv', () => import('./testenv.js')],
  ['up', () => import('./up.js')],
  ['ctl', () => import('./ctl.js')],
]);
