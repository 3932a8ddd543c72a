// The routes of factors.
import type { Route } from '../../../shared/function/definition.ts';
import type { AuthDeps } from '../deps.ts';

export const factorsRoutes: readonly Route<AuthDeps>[] = [];
