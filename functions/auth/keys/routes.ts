// The routes of keys.
import type { Route } from '../../../shared/function/definition.ts';
import type { AuthDeps } from '../deps.ts';

export const keysRoutes: readonly Route<AuthDeps>[] = [];
