import type { Clock } from '../../../base/clock.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { EventRecorder } from '../../client/index.js';
import { BackOff } from '../pods/back-off.js';
import type { ContainerRuntime, ImageAuth } from '../runtime/container-runtime.js';
import { parseImageName } from '../runtime/images/image-name.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import { authsFor, type RegistryLogin } from './registry-logins.js';

/** An image that is not to be had; `reason` is what the container waits for. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly reason: string;
  /** When it may be tried again. */
  readonly retryAfterMs: number;
  constructor(reason: string, message: string, retryAfterMs: number) {
    super(message);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An image that a pod wants: of a container, or of a volume. */
export interface WantedImage {
  readonly image: string;
  readonly policy: string | undefined;
  /** What events about it name; '' the whole pod. */
  readonly fieldPath: string;
}

/** What the puller works with. */
export interface ImagePullerParts {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly events: EventRecorder;
  /** The logins that a pod brings. */
  readonly loginsOf: (pod: Pod) => Promise<readonly RegistryLogin[]>;
  /** Pulls at once; others wait. */
  readonly parallelMax: number;
}

/** Sees to it that images are there, as the pull policies say; what fails is tried again after growing pauses. */
export class ImagePuller {
  readonly #parts: ImagePullerParts;
  readonly #backOff: BackOff;
  /** What was said when it failed last, and when, by key. */
  readonly #failures = new Map<string, { readonly message: string; readonly atMs: number }>();
  readonly #waiting: (() => void)[] = [];
  #pulling = 0;

  constructor(parts: ImagePullerParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.clock);
  }

  /** Resolves with what the runtime calls it. Rejects with ImageError. */
  async ensure(pod: Pod, { image, policy: given, fieldPath }: WantedImage): Promise<string> {
    const say = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#parts.events.event(pod, type, reason, message, fieldPath);
    checkName(image, say);
    const policy = policyOf(given, image);
    const present = await this.#statusOf(image);
    if (present !== null && policy !== 'Always') {
      const text = `Container image "${image}" already present on machine and can be accessed by the pod`;
      say('Normal', 'Pulled', text);
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      say('Warning', 'ErrImageNeverPull', message);
      throw new ImageError('ErrImageNeverPull', message, 10_000);
    }
    const key = `${pod.metadata.uid}_${image}`;
    this.#checkBackOff(key, image, say);
    return await this.#pull(pod, image, key, say);
  }

  /** A pod is gone. */
  forget(uid: string): void {
    this.#backOff.forget(`${uid}_`);
    for (const key of this.#failures.keys())
      if (key.startsWith(`${uid}_`)) this.#failures.delete(key);
  }

  async #statusOf(image: string): Promise<string | null> {
    try {
      return (await this.#parts.runtime.imageStatus(image))?.ref ?? null;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const text = `Failed to inspect image "${image}": ${error.message}`;
      throw new ImageError('ImageInspectError', text, 10_000);
    }
  }

  #checkBackOff(key: string, image: string, say: Say): void {
    const failed = this.#failures.get(key);
    const remainingMs = failed === undefined ? 0 : this.#backOff.remainingMs(key, failed.atMs);
    if (failed === undefined || remainingMs === 0) return;
    say('Normal', 'BackOff', `Back-off pulling image "${image}"`);
    const message = `Back-off pulling image "${image}": ErrImagePull: ${failed.message}`;
    throw new ImageError('ImagePullBackOff', message, remainingMs);
  }

  async #pull(pod: Pod, image: string, key: string, say: Say): Promise<string> {
    const { clock } = this.#parts;
    say('Normal', 'Pulling', `Pulling image "${image}"`);
    const askedMs = clock.now();
    await this.#turn();
    const startedMs = clock.now();
    try {
      const ref = await this.#pullWithLogins(pod, image);
      const size = (await this.#parts.runtime.imageStatus(ref).catch(() => null))?.sizeBytes ?? 0;
      const took = seconds(clock.now() - startedMs);
      const all = seconds(clock.now() - askedMs);
      say(
        'Normal',
        'Pulled',
        `Successfully pulled image "${image}" in ${took} (${all} including waiting). Image size: ${size} bytes.`,
      );
      this.#failures.delete(key);
      return ref;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { message } = error;
      say('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      const atMs = clock.wallTime();
      this.#backOff.next(key, atMs);
      this.#failures.set(key, { message, atMs });
      throw new ImageError('ErrImagePull', message, this.#backOff.remainingMs(key, atMs));
    } finally {
      this.#pulling--;
      this.#waiting.shift()?.();
    }
  }

  /** With each login that fits, and without one when there is none. */
  async #pullWithLogins(pod: Pod, image: string): Promise<string> {
    const auths: readonly (ImageAuth | null)[] = authsFor(image, await this.#parts.loginsOf(pod));
    let failure: unknown = null;
    for (const auth of auths.length === 0 ? [null] : auths) {
      try {
        return await this.#parts.runtime.pullImage(image, auth);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #turn(): Promise<void> {
    this.#pulling++;
    if (this.#pulling <= this.#parts.parallelMax) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

type Say = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

/** Throws ImageError for what is no name of an image, which no runtime could find. */
function checkName(image: string, say: Say): void {
  if (parseImageName(image) !== null) return;
  const why = /[A-Z]/.test(image.replace(/:[^/]*$/, ''))
    ? ': repository name must be lowercase'
    : '';
  const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format${why}`;
  say('Warning', 'InspectFailed', message);
  throw new ImageError('InvalidImageName', message, 10_000);
}

/** The policy in force: an image without a tag, or with the latest one, is always pulled. */
function policyOf(given: string | undefined, image: string): string {
  if (given !== undefined) return given;
  const last = image.split('/').at(-1) ?? '';
  const isLatest = !last.includes('@') && (!last.includes(':') || last.endsWith(':latest'));
  return isLatest ? 'Always' : 'IfNotPresent';
}

/** As Go writes a duration of some milliseconds. */
function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}ms` : `${Math.round(ms) / 1000}s`;
}
