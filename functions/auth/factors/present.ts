// How a factor is shown to its user.
import { factorId } from '../../../shared/domain/ids.ts';
import type { FactorAnswer } from './schema.ts';

export interface FactorFacts {
  readonly factorNumber: number;
  readonly kind: 'totp' | 'passkey';
  readonly name: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export function presentFactor(facts: FactorFacts): FactorAnswer {
  return {
    id: factorId(facts.factorNumber),
    kind: facts.kind,
    name: facts.name,
    createdAt: facts.createdAt.toISOString(),
    lastUsedAt: facts.lastUsedAt?.toISOString() ?? null,
  };
}
