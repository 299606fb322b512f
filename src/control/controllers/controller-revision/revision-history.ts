import type { ControllerRevision } from '../../api/gen/apps-v1.js';
import type { PodTemplateSpec } from '../../api/gen/core-v1.js';
import {
  type ControlClient,
  type Informer,
  type ResourceClient,
  resources,
} from '../../client/index.js';
import type { LabelSelector } from '../../machinery/label-selector.js';
import type { KubeObject } from '../../machinery/object.js';
import type { ControllerParts } from '../controller.js';
import {
  candidatesOf,
  canonicalTemplate,
  claimObjects,
  controllerReference,
  isControlledBy,
  OwnWrites,
  ownerIndexes,
  templateHash,
} from '../pods/index.js';
import { ignoreNotFound, isAlreadyExists } from '../runtime/write-failures.js';
import { planRevision, revisionData, templateOf } from './plan.js';

/** An object whose templates are kept. */
export interface RevisedObject extends KubeObject {
  readonly spec?: { readonly template?: PodTemplateSpec };
  readonly status?: { readonly collisionCount?: number };
}

/** How a kind keeps its history. */
export interface RevisionHistoryOptions<O extends RevisedObject> {
  readonly parts: ControllerParts;
  readonly owners: ResourceClient<O>;
  /** The label of an entry that carries the hash of its template. */
  readonly hashLabel: string;
}

/** What an object's history is, after its present was put into it. */
export interface PresentRevision {
  readonly current: ControllerRevision;
  /** The present one included. */
  readonly all: readonly ControllerRevision[];
  /** Names of other templates that were in the way so far. */
  readonly collisionCount: number;
}

const namePrefixMax = 223;

/** The templates that objects of a kind have had, as ControllerRevisions. */
export class RevisionHistory<O extends RevisedObject> {
  readonly informer: Informer<ControllerRevision>;
  readonly #options: RevisionHistoryOptions<O>;
  readonly #client: ControlClient;
  readonly #writes: OwnWrites<ControllerRevision>;

  constructor(options: RevisionHistoryOptions<O>) {
    const { client, informers, clock } = options.parts;
    this.#options = options;
    this.#client = client;
    this.#writes = new OwnWrites(clock);
    this.informer = informers.of(resources.controllerRevisions, { indexes: ownerIndexes });
    this.informer.addHandler({
      onAdd: (revision) => this.#writes.onSeen(revision),
      onUpdate: (_, revision) => this.#writes.onSeen(revision),
      onDelete: (revision) => this.#writes.onSeen(revision, true),
    });
  }

  /** The entries that are the owner's, after adoption and release. */
  async list(
    owner: O,
    selector: LabelSelector,
    signal: AbortSignal,
  ): Promise<readonly ControllerRevision[]> {
    const claimed = await claimObjects(
      {
        owner,
        owners: this.#options.owners,
        objects: this.#client.objects(resources.controllerRevisions),
        matches: ({ metadata }) => selector.matches(metadata.labels),
        candidates: candidatesOf(this.informer.lister, owner),
      },
      { signal },
    );
    return this.#writes.over(claimed, owner);
  }

  /** Makes the owner's template the last entry of its history. */
  async record(
    owner: O,
    history: readonly ControllerRevision[],
    signal: AbortSignal,
  ): Promise<PresentRevision> {
    const plan = planRevision(history, owner.spec?.template);
    const collisionCount = owner.status?.collisionCount ?? 0;
    if (plan.kind === 'keep') return { current: plan.current, all: history, collisionCount };
    if (plan.kind === 'create') {
      const made = await this.#create(owner, plan.revision, collisionCount, signal);
      return { ...made, all: [...history, made.current] };
    }
    const revisions = this.#client.objects(resources.controllerRevisions);
    const renumbered = { ...plan.current, revision: plan.revision };
    const current = await revisions.update(renumbered, { signal });
    this.#writes.remember(current);
    const others = history.filter((each) => each !== plan.current);
    return { current, all: [...others, current], collisionCount };
  }

  /** Deletes entries. */
  async delete(revisions: readonly ControllerRevision[], signal: AbortSignal): Promise<void> {
    const client = this.#client.objects(resources.controllerRevisions);
    for (const { metadata } of revisions) {
      const { namespace = '', name = '', uid = '' } = metadata;
      const options = { preconditions: { uid }, signal };
      await client.delete({ namespace, name }, options).catch(ignoreNotFound);
    }
  }

  /** A name that another template has leads to another name, until one is free. */
  async #create(
    owner: O,
    revision: number,
    collisions: number,
    signal: AbortSignal,
  ): Promise<{ readonly current: ControllerRevision; readonly collisionCount: number }> {
    const client = this.#client.objects(resources.controllerRevisions);
    for (let collisionCount = collisions; ; collisionCount++) {
      const wanted = this.#newRevision(owner, revision, collisionCount);
      try {
        const current = await client.create(wanted, { signal });
        this.#writes.remember(current);
        return { current, collisionCount };
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      const { namespace = '', name = '' } = wanted.metadata;
      const taken = await client.get({ namespace, name }, { signal });
      const isSame =
        canonicalTemplate(templateOf(taken)) === canonicalTemplate(owner.spec?.template);
      if (isSame && isControlledBy(taken, owner)) return { current: taken, collisionCount };
    }
  }

  #newRevision(owner: O, revision: number, collisionCount: number): ControllerRevision {
    const { name = '', namespace = '', annotations } = owner.metadata;
    const template = owner.spec?.template;
    const hash = templateHash(template, collisionCount);
    return {
      metadata: {
        name: `${name.slice(0, namePrefixMax)}-${hash}`,
        namespace,
        labels: { ...template?.metadata?.labels, [this.#options.hashLabel]: hash },
        annotations: { ...annotations },
        ownerReferences: [controllerReference(owner)],
      },
      data: revisionData(template),
      revision,
    };
  }
}
