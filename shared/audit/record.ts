// A record of the audit log and its canonical text (RFC 8785), which is what the database hashes
// and the verifier hashes again.
import canonicalize from 'canonicalize';
import { assert } from '../domain/failure.ts';
import type { Operator } from '../operator/operator.ts';

export const AUDIT_STREAMS = [
  'accounts',
  'admin',
  'auth',
  'dead-letters',
  'fees',
  'markets',
  'risk',
  'users',
] as const;
export type AuditStream = (typeof AUDIT_STREAMS)[number];

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined };

export interface AuditActor {
  /** `operator` says his own name on a command line; the others are known by a credential. */
  readonly kind: 'operator' | 'staff' | 'user' | 'system';
  readonly id: string;
}

export interface AuditRecord {
  readonly stream: AuditStream;
  readonly actor: AuditActor;
  /** Such as `limits.change`. */
  readonly action: string;
  /** What or whom it was done to: a user id, a market, a key id. */
  readonly subject: string;
  /** As it was and as it is; null where there was or is nothing. Never a secret. */
  readonly before: JsonValue;
  readonly after: JsonValue;
  readonly reason: string | null;
  /** Of the request that did it; null on a command line. */
  readonly requestId: string | null;
}

/** Names an operator as the actor, with the reason he gave. */
export function byOperator({ actor, reason }: Operator): Pick<AuditRecord, 'actor' | 'reason'> {
  return { actor: { kind: 'operator', id: actor }, reason };
}

export function canonicalRecord(record: AuditRecord): string {
  const { stream, actor, action, subject, before, after, reason, requestId } = record;
  return canonicalJson({
    stream,
    actor: { kind: actor.kind, id: actor.id },
    action,
    subject,
    before,
    after,
    reason,
    requestId,
  });
}

/**
 * RFC 8785: the same value gives the same bytes. What Postgres has no place for (the zero
 * character, halves of surrogate pairs) is replaced.
 */
export function canonicalJson(value: JsonValue): string {
  const text = canonicalize(withStorableText(value));
  assert(text !== undefined, 'a JSON value has a canonical text');
  return text;
}

function withStorableText(value: JsonValue): JsonValue {
  if (typeof value === 'string') return storable(value);
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(withStorableText);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      storable(name),
      part === undefined ? undefined : withStorableText(part),
    ]),
  );
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function storable(text: string): string {
  return Buffer.from(text.replaceAll('\u0000', '\ufffd'), 'utf8').toString('utf8');
}
