/** Why a proposal or a read did not finish. */
export type NodeErrorCode =
  /** The deadline passed; a proposal may still be applied. */
  | 'timeout'
  /** The deadline passed after the leader had changed; a proposal may still be applied. */
  | 'timeout-leader-lost'
  /** Too much is pending here; nothing was sent. */
  | 'busy'
  /** The caller gave up; a proposal may still be applied. */
  | 'canceled'
  /** This member is stopping; a proposal may still be applied. */
  | 'stopped'
  /** The membership change was refused for good; `message` says why. Nothing changed. */
  | 'config-refused'
  /** Only the leader can do this. */
  | 'not-leader'
  /** Leadership cannot go to that member. */
  | 'bad-transferee';

/** An operating error of the consensus driver. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  readonly code: NodeErrorCode;
  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
