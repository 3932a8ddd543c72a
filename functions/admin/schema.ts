// The wire shapes of what staff ask for, approve and search.
import { z } from 'zod';
import { ppmField, scheduleDescription, tierField } from '../../shared/domain/fee-schedule.ts';
import { parseKeyId, parseStaffId, parseUserId } from '../../shared/domain/ids.ts';
import { MARKET_STATUSES } from '../../shared/domain/market.ts';
import { SELF_TRADE_PREVENTIONS } from '../../shared/domain/order.ts';
import { LIMIT_NAMES } from '../../shared/domain/risk-limits.ts';
import { marketIdField } from '../../shared/events/fields.ts';
import { listAnswer, listQueryFields } from '../../shared/http/list.ts';
import { DECIMAL_PATTERN } from '../../shared/money/decimal.ts';
import { ACTIONS, ROLES } from './decide/permissions.ts';
import * as examples from './schema/examples.ts';

export const noQuery = z.strictObject({});

const userField = z.string().refine((text) => parseUserId(text) !== null, 'must be a user id');
const staffField = z.string().refine((text) => parseStaffId(text) !== null, 'must be a staff id');
const reasonField = z.string().trim().min(3).max(500);
const ofUser = z.strictObject({ userId: userField });
const ofRole = z.strictObject({ staffId: staffField, role: z.enum(ROLES) });
const scopeField = z.string().regex(/^(\*|[A-Z0-9]{2,10}(-[A-Z0-9]{2,10})?)$/);
const timeField = z.iso.datetime({ offset: false, precision: 3 });

const assetField = z.string().regex(/^[A-Z0-9]{2,10}$/);
/** In whole units of the asset, above zero. */
const amountField = z
  .string()
  .regex(DECIMAL_PATTERN)
  .refine((text) => /[1-9]/.test(text), 'must be above zero');
/** Where staff keep the case. */
const ticketField = z.exactOptional(z.string().trim().min(1).max(100));
const ofBalance = z.strictObject({
  userId: userField,
  asset: assetField,
  amount: amountField,
  ticket: ticketField,
});

/** What is left out stays; null takes a value away. */
const numberPart = z.exactOptional(z.int().min(0).nullable());
const decimalPart = z.exactOptional(z.string().regex(DECIMAL_PATTERN).nullable());
const settingsField = z.union([
  z.strictObject({ kind: z.enum(['band', 'interruption']), clear: z.literal(true) }),
  z.strictObject({
    kind: z.literal('limits'),
    maxNotional: decimalPart,
    maxOpenOrders: numberPart,
    maxWaitingOrders: numberPart,
    referenceMaxAgeMs: numberPart,
    selfTradeModes: z.exactOptional(z.array(z.enum(SELF_TRADE_PREVENTIONS)).min(1).nullable()),
  }),
  z.strictObject({
    kind: z.literal('band'),
    staticPrice: decimalPart,
    staticBps: numberPart,
    dynamicBps: numberPart,
  }),
  z.strictObject({
    kind: z.literal('interruption'),
    moveBps: numberPart,
    windowMs: numberPart,
    haltMs: numberPart,
    auctionMs: numberPart,
  }),
]);

const PAYLOADS = {
  'users.suspend': ofUser,
  'users.reinstate': ofUser,
  'sessions.revoke': ofUser,
  'flags.change': z.strictObject({
    userId: userField,
    flag: z.enum(['trading', 'withdrawal', 'frozen']),
    on: z.boolean(),
  }),
  'limits.change': z.strictObject({
    /** Null: everybody's. */
    userId: userField.nullable(),
    scope: scopeField,
    name: z.enum(LIMIT_NAMES),
    /** Null ends the limit. */
    value: z.string().regex(DECIMAL_PATTERN).nullable(),
  }),
  'keys.revoke': z.strictObject({
    keyId: z.string().refine((text) => parseKeyId(text) !== null, 'must be an API key id'),
  }),
  'roles.grant': ofRole,
  'roles.revoke': ofRole,
  'markets.status': z.strictObject({ market: marketIdField, status: z.enum(MARKET_STATUSES) }),
  'markets.settings': z.strictObject({ market: marketIdField, settings: settingsField }),
  'fees.schedule': z.strictObject({
    schedule: scheduleDescription.shape.schedule,
    /** Null: at once. */
    effectiveFrom: timeField.nullable(),
    /** Null ends a market's own schedule: the exchange's holds again. */
    tiers: scheduleDescription.shape.tiers.nullable(),
  }),
  'fees.terms': z.strictObject({
    userId: userField,
    market: marketIdField,
    /** Null ends the user's own terms. */
    terms: z.strictObject({ tier: tierField, makerPpm: ppmField, takerPpm: ppmField }).nullable(),
  }),
  'balances.credit': ofBalance,
  'balances.debit': ofBalance,
  'house.fund': z.strictObject({ asset: assetField, amount: amountField, ticket: ticketField }),
} as const;

function asking<const Name extends keyof typeof PAYLOADS>(action: Name) {
  const payload: (typeof PAYLOADS)[Name] = PAYLOADS[action];
  return z.strictObject({ action: z.literal(action), payload, reason: reasonField });
}

export const requestBody = z
  .discriminatedUnion('action', [
    asking('users.suspend'),
    asking('users.reinstate'),
    asking('sessions.revoke'),
    asking('keys.revoke'),
    asking('flags.change'),
    asking('limits.change'),
    asking('roles.grant'),
    asking('roles.revoke'),
    asking('markets.status'),
    asking('markets.settings'),
    asking('fees.schedule'),
    asking('fees.terms'),
    asking('balances.credit'),
    asking('balances.debit'),
    asking('house.fund'),
  ])
  .meta({ examples: examples.ASKED });
export type RequestBody = z.output<typeof requestBody>;
export type Payload<Name extends RequestBody['action']> = Extract<
  RequestBody,
  { action: Name }
>['payload'];
/** An action with what it is done to. */
export type Order = RequestBody extends infer Each
  ? Each extends { action: infer Name; payload: infer What }
    ? { readonly action: Name; readonly payload: What }
    : never
  : never;

/** Reads what was stored; it was checked when it was asked for. */
export function readOrder(action: string, payload: unknown): Order {
  return requestBody.parse({ action, payload, reason: 'stored' });
}

export const approveBody = z
  .strictObject({
    /** Of the payload that was seen: lower-case hex. */
    payloadSha256: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .meta({ examples: examples.APPROVED });
export const rejectBody = z
  .strictObject({ reason: reasonField })
  .meta({ examples: examples.REJECTED });
export const requestParams = z.strictObject({ id: z.string().regex(/^apr_[0-9]{16}$/) });

export const requestAnswer = z
  .strictObject({
    id: z.string(),
    action: z.enum(ACTIONS),
    payload: z.record(z.string(), z.unknown()),
    payloadSha256: z.string(),
    reason: z.string(),
    status: z.enum(['pending', 'executed', 'rejected', 'expired']),
    maker: z.string(),
    checker: z.string().nullable(),
    createdAt: timeField,
    expiresAt: timeField,
    decidedAt: timeField.nullable(),
  })
  .meta({ examples: examples.REQUESTS });
export type RequestAnswer = z.output<typeof requestAnswer>;
export const requestsQuery = z.strictObject({
  ...listQueryFields,
  status: z.enum(['pending', 'executed', 'rejected']).optional(),
});
export const requestsAnswer = listAnswer(requestAnswer);

export const meAnswer = z
  .strictObject({
    staffId: z.string(),
    name: z.string(),
    isBreakGlass: z.boolean(),
    roles: z.array(z.enum(ROLES)),
    permissions: z.array(z.string()),
  })
  .meta({ examples: examples.STAFF });

export const auditQuery = z.strictObject({
  ...listQueryFields,
  stream: z.string().max(40).optional(),
  subject: z.string().max(200).optional(),
  actor: z.string().max(100).optional(),
  from: timeField.optional(),
  to: timeField.optional(),
});
export const auditAnswer = listAnswer(
  z
    .strictObject({
      stream: z.string(),
      sequence: z.int(),
      recordedAt: timeField,
      hash: z.string(),
      actor: z.strictObject({ kind: z.string(), id: z.string() }),
      action: z.string(),
      subject: z.string(),
      before: z.unknown(),
      after: z.unknown(),
      reason: z.string().nullable(),
      requestId: z.string().nullable(),
    })
    .meta({ examples: examples.AUDIT_RECORDS }),
);
