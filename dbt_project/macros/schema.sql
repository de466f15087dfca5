{#- dbt builds into stage_<schema>; what passes its tests is published from there by xihu.gold.publish. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
{{ var('stage', 'stage') }}_{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
