"""Public credit (公共信用): what may come in, how long it counts, how it is repaired, who may ask, and a score that explains itself.

Pure functions over records and the policy of `conf/policy/credit.yaml`. Every rule carries its law, article and days in force.
"""
