// The Knative Service of a new function, in the shape of the others in knative/base.

export function manifestText(name: string): string {
  return `# ${name}: say here what it is for.
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: ${name}
  namespace: bourse
  labels:
    app.kubernetes.io/part-of: bourse
    # Inside the cluster only. To publish it, take this away and name its path in route.yaml.
    networking.knative.dev/visibility: cluster-local
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/min-scale: '1'
        autoscaling.knative.dev/max-scale: '10'
        # The activator stays out of the way: one hop less.
        autoscaling.knative.dev/target-burst-capacity: '0'
    spec:
      containerConcurrency: 100
      timeoutSeconds: 15
      containers:
        - name: function
          image: bourse
          ports:
            - name: http1
              containerPort: 8080
          envFrom:
            - configMapRef:
                name: edge
          env:
            - name: FUNCTION_TARGET
              value: ${name}
          readinessProbe:
            httpGet:
              path: /readyz
          resources:
            # No CPU limit: throttling costs more tail latency than it saves.
            requests:
              cpu: 100m
              memory: 256Mi
            limits:
              memory: 256Mi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            capabilities:
              drop:
                - ALL
            seccompProfile:
              type: RuntimeDefault
`;
}
