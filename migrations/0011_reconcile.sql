-- Leads that Meta has and no webhook told of are looked for, form by form.
alter table lead_forms add column reconciled_to timestamptz;
alter table lead_forms add column missed int not null default 0;
comment on column lead_forms.reconciled_to is 'Everything that was sent before is here, or lies in the graveyard for all to see. Null: not looked at yet.';
comment on column lead_forms.missed is 'How many leads were found that no webhook had told of.';

-- When the page was last asked which forms it has.
alter table meta_connections add column forms_asked_at timestamptz;
