// The routes of sessions.
import type { Route } from '../../../shared/function/definition.ts';
import type { AuthDeps } from '../deps.ts';

export const sessionsRoutes: readonly Route<AuthDeps>[] = [];
