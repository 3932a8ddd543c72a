-- Who looks a market up by its whole configuration: fees, for what an order would pay, and risk, for
-- which markets limits may name.
SET LOCAL ROLE bourse_reference;
GRANT SELECT ON reference.market_configs TO bourse_fees, bourse_risk;
RESET ROLE;

SET LOCAL ROLE bourse_market_data;
GRANT USAGE ON SCHEMA market_data TO bourse_risk;
GRANT SELECT ON market_data.current_phases TO bourse_fees, bourse_risk;
RESET ROLE;
