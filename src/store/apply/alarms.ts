import { type MemberId, memberId } from '../../base/ids.js';
import { AlarmAction, type AlarmRequest, AlarmType } from '../../wire/gen/etcdserverpb.js';
import { AlarmRecord } from '../../wire/gen/store.js';
import { alarmKey } from '../schema/keys.js';
import type { ApplyBatch } from './apply-batch.js';

/** An active alarm: a number of etcdserverpb.AlarmType, and the member that raised it. */
export interface Alarm {
  readonly memberId: MemberId;
  readonly alarm: number;
}

/** The alarms as applied by this member. */
export interface AlarmReads {
  /** Active alarms, by member and alarm. */
  list(): readonly Alarm[];
  has(alarm: number): boolean;
}

/** The replicated alarms. They stay until somebody disarms them. */
export class Alarms implements AlarmReads {
  #active: Alarm[] = [];

  /** Replaces everything by what the database holds. */
  load(alarms: readonly Alarm[]): void {
    this.#active = [...alarms].sort(byMemberAndAlarm);
  }

  list(): readonly Alarm[] {
    return this.#active;
  }

  has(alarm: number): boolean {
    return this.#active.length > 0 && this.#active.some((active) => active.alarm === alarm);
  }

  /** Applies a request; the answer is the alarms that it is about, as in etcd. */
  apply(request: AlarmRequest, batch: ApplyBatch): readonly Alarm[] {
    const member = memberId(request.memberID);
    const { alarm } = request;
    switch (request.action) {
      case AlarmAction.ACTIVATE:
        return alarm === AlarmType.NONE ? [] : [this.#activate(member, alarm, batch)];
      case AlarmAction.DEACTIVATE:
        return this.#deactivate(member, alarm, batch);
      default:
        return this.#active.filter((active) => alarm === AlarmType.NONE || active.alarm === alarm);
    }
  }

  #activate(member: MemberId, alarm: number, batch: ApplyBatch): Alarm {
    const known = this.#find(member, alarm);
    if (known !== undefined) return known;
    const added = { memberId: member, alarm };
    this.#active = [...this.#active, added].sort(byMemberAndAlarm);
    batch.put(alarmKey(member, alarm), AlarmRecord.encode({ memberId: member, alarm }));
    return added;
  }

  #deactivate(member: MemberId, alarm: number, batch: ApplyBatch): Alarm[] {
    const known = this.#find(member, alarm);
    if (known === undefined) return [];
    this.#active = this.#active.filter((active) => active !== known);
    batch.delete(alarmKey(member, alarm));
    return [known];
  }

  #find(member: MemberId, alarm: number): Alarm | undefined {
    return this.#active.find((active) => active.memberId === member && active.alarm === alarm);
  }
}

function byMemberAndAlarm(a: Alarm, b: Alarm): number {
  if (a.memberId !== b.memberId) return a.memberId < b.memberId ? -1 : 1;
  return a.alarm - b.alarm;
}
