// What a route of the emulator's own port takes and gives.
import type { Rejection } from '../../../shared/domain/rejection.ts';

export interface OwnRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type OwnAnswer =
  | { readonly status: number; readonly json?: unknown }
  | { readonly status: number; readonly html: string };

export interface OwnRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Such as `/deliveries/{id}/replay`. */
  readonly path: string;
  readonly handle: (request: OwnRequest) => Promise<OwnAnswer | Rejection>;
}
