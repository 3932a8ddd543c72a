// The wire shapes of API keys.
import { z } from 'zod';
import { SCOPES } from '../../../shared/domain/caller.ts';
import * as examples from './examples.ts';

export const LABEL_CHARACTERS_MAX = 64;
export const MARKETS_MAX = 50;
export const ADDRESSES_MAX = 32;
/** Shortest prefixes: a block as wide as a whole network of providers keeps nobody out. */
export const IPV4_PREFIX_MIN = 8;
export const IPV6_PREFIX_MIN = 19;

export const noQuery = z.strictObject({});

const KEY_TYPES = ['ed25519', 'hmac'] as const;

const timeField = z.iso.datetime({ offset: false, precision: 3 });
const scopeField = z.enum(SCOPES);
const marketField = z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/);
const userField = z.string().regex(/^usr_[0-9]{16}$/);
const keyField = z.string().regex(/^key_[0-9]{16}$/);

/** An address, or a block of them: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
const addressField = z
  .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
  .refine((text) => !isMapped(text), 'an IPv4 address is written as one')
  .refine((text) => !isTooWide(text), 'the block is too wide');

/** IPv4 inside of IPv6: callers are compared as IPv4, so it would never match. */
function isMapped(text: string): boolean {
  return /^[0:]*:ffff:/i.test(text) || (text.includes(':') && text.includes('.'));
}

function isTooWide(text: string): boolean {
  const [network = '', prefix] = text.split('/');
  const prefixMin = network.includes(':') ? IPV6_PREFIX_MIN : IPV4_PREFIX_MIN;
  return prefix !== undefined && Number(prefix) < prefixMin;
}

function isDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** The same rule, for the OpenAPI page. */
const DISTINCT = { uniqueItems: true };

export const makeKeyBody = z
  .strictObject({
    label: z
      .string()
      .min(1)
      .max(LABEL_CHARACTERS_MAX)
      .regex(/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]+$/u, 'visible characters'),
    type: z.enum(KEY_TYPES),
    /** For ed25519: SubjectPublicKeyInfo as PEM, or base64 of the 32 bytes. */
    publicKey: z.exactOptional(z.string().min(1).max(400)),
    /** Left out: `read`. */
    scopes: z.exactOptional(
      z.array(scopeField).min(1).refine(isDistinct, 'a scope comes twice').meta(DISTINCT),
    ),
    /** Left out: all. */
    markets: z.exactOptional(
      z
        .array(marketField)
        .min(1)
        .max(MARKETS_MAX)
        .refine(isDistinct, 'a market comes twice')
        .meta(DISTINCT),
    ),
    /** Left out: from anywhere. */
    addresses: z.exactOptional(z.array(addressField).min(1).max(ADDRESSES_MAX)),
    expiresAt: z.exactOptional(z.iso.datetime({ offset: false })),
    /** A sub-account that the key acts for; left out: the caller. */
    userId: z.exactOptional(userField),
  })
  .meta({ examples: examples.MAKE_KEYS });
export type MakeKeyBody = z.output<typeof makeKeyBody>;

const keyFields = {
  id: keyField,
  label: z.string(),
  type: z.enum(KEY_TYPES),
  userId: userField,
  /** Base64 of the 32 bytes; null for hmac. */
  publicKey: z.string().nullable(),
  scopes: z.array(scopeField),
  markets: z.array(marketField).nullable(),
  addresses: z.array(z.string()).nullable(),
  createdAt: timeField,
  expiresAt: timeField.nullable(),
  /** To the minute. */
  lastUsedAt: timeField.nullable(),
};

const keyAnswer = z.strictObject(keyFields);
export type KeyAnswer = z.output<typeof keyAnswer>;

export const madeKeyAnswer = z
  .strictObject({
    ...keyFields,
    /** Of an hmac key, and never again; null for ed25519. */
    secret: z.string().nullable(),
  })
  .meta({ examples: examples.MADE_KEYS });

export const keyListAnswer = z
  .strictObject({ items: z.array(keyAnswer) })
  .meta({ examples: examples.KEY_LISTS });

export const keyParams = z.strictObject({ id: z.string().max(64) });

export const deletedKeyAnswer = z
  .strictObject({ id: keyField })
  .meta({ examples: examples.DELETED_KEYS });
