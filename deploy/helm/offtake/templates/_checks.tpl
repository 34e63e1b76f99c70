{{/* What a schema cannot say. */}}
{{- define "offtake.check" -}}
{{- $registry := .Values.registry -}}
{{- if and (eq $registry.mode "Served") (gt (int .Values.replicas) 1) -}}
{{- fail (printf "replicas is %d, and registry.mode Served is for one replica, whose volume it is: run the registry elsewhere with registry.mode URL and registry.url, or set replicas to 1" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (eq $registry.mode "URL") (not $registry.url) -}}
{{- fail "registry.mode is URL, and registry.url is empty: it says where the operator and its workers find the schema registry" -}}
{{- end -}}
{{- if and (ne $registry.mode "URL") $registry.url -}}
{{- fail (printf "registry.url is for registry.mode URL, and the mode is %s: set the mode, or leave the URL out" $registry.mode) -}}
{{- end -}}
{{- end -}}
